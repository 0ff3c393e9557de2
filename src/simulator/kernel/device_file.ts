import {
  VFIO_DEVICE_ATTACH_IOMMUFD_PT,
  VFIO_DEVICE_BIND_IOMMUFD,
  VFIO_DEVICE_DETACH_IOMMUFD_PT,
  VFIO_DEVICE_FEATURE,
  VFIO_DEVICE_GET_INFO,
  VFIO_DEVICE_GET_IRQ_INFO,
  VFIO_DEVICE_GET_REGION_INFO,
  VFIO_DEVICE_RESET,
} from "../../../ffi/vfio.ts";
import { attachIoas, bindIommufd, type CdevBinding, detachIoas, unbindIommufd } from "./cdev.ts";
import { deviceFeature } from "./device_feature.ts";
import { getDeviceInfo, getIrqInfo, getRegionInfo, resetDevice } from "./device_info.ts";
import type { DeviceState, Kernel, OpenFile } from "./kernel.ts";
import { disableStreams } from "./migration_stream.ts";
import { resetMigration } from "./migration_v2.ts";
import { refuse } from "./refusal.ts";
import { answer, type Requests } from "./requests.ts";
import { readRegion, writeRegion } from "./region_io.ts";

const REQUESTS: Requests<DeviceState> = {
  [VFIO_DEVICE_GET_INFO]: getDeviceInfo,
  [VFIO_DEVICE_GET_REGION_INFO]: getRegionInfo,
  [VFIO_DEVICE_GET_IRQ_INFO]: getIrqInfo,
  [VFIO_DEVICE_RESET]: resetDevice,
  [VFIO_DEVICE_FEATURE]: deviceFeature,
};

/** A device file from `VFIO_GROUP_GET_DEVICE_FD`. A device can be opened this way more than once. */
export function openDeviceOfGroup(
  kernel: Kernel,
  device: DeviceState,
  releaseGroup: () => void,
): OpenFile {
  openDevice(device);
  device.group.openFiles++;
  return {
    ioctl(request, argument) {
      if (request === VFIO_DEVICE_BIND_IOMMUFD) refuse("EINVAL");
      return answer(REQUESTS, request, device, argument, kernel);
    },
    ...regionAccess(device, () => {}),
    release() {
      closeDevice(device);
      releaseGroup();
    },
  };
}

/** Opens `/dev/vfio/devices/vfioN`. This always succeeds. `VFIO_DEVICE_BIND_IOMMUFD` gives access. */
export function openCdev(kernel: Kernel, device: DeviceState): OpenFile {
  let binding: CdevBinding | null = null;
  const bound = () => binding ?? refuse("EINVAL");
  return {
    ioctl(request, argument) {
      if (request === VFIO_DEVICE_BIND_IOMMUFD) {
        if (binding !== null) refuse("EINVAL");
        binding = bindIommufd(kernel, device, argument, () => openDevice(device));
        return 0;
      }
      const cdev = bound();
      if (request === VFIO_DEVICE_ATTACH_IOMMUFD_PT) return attachIoas(cdev, argument);
      if (request === VFIO_DEVICE_DETACH_IOMMUFD_PT) return detachIoas(cdev, argument);
      return answer(REQUESTS, request, device, argument, kernel);
    },
    ...regionAccess(device, bound),
    release() {
      if (binding === null) return;
      closeDevice(device);
      unbindIommufd(device, binding);
    },
  };
}

/** Reads and writes on both kinds of file, after a check for access. */
function regionAccess(device: DeviceState, check: () => unknown) {
  return {
    pread(buffer, offset) {
      check();
      return readRegion(device, buffer, offset);
    },
    pwrite(buffer, offset) {
      check();
      return writeRegion(device, buffer, offset);
    },
  } satisfies Partial<OpenFile>;
}

function openDevice(device: DeviceState): void {
  if (device.openCount === 0) {
    const { openErrno, migration } = device.vfio;
    if (openErrno !== null) refuse(openErrno);
    // Most drivers start from RUNNING, the samples keep their last state.
    if (migration?.uapi === "v2" && !migration.keepsStateOnClose) resetMigration(device);
  }
  device.openCount++;
}

function closeDevice(device: DeviceState): void {
  device.openCount--;
  if (device.openCount > 0) return;
  device.logging = false;
  disableStreams(device);
}
