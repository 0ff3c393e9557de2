import type { Bytes } from "../../ffi/syscalls.ts";
import {
  VFIO_DEVICE_FEATURE,
  vfio_device_feature,
  VFIO_DEVICE_FEATURE_GET,
  VFIO_DEVICE_FEATURE_SET,
} from "../../ffi/vfio.ts";
import type { DeviceHandle } from "./handle.ts";

/**
 * Gets a feature. Returns the bytes after the header, as the kernel left them. `data` is their initial value, for
 * features that take an argument. Throws {@link SysError}.
 */
export function getFeature(device: DeviceHandle, feature: number, data: Uint8Array): Bytes {
  return callFeature(device, feature | VFIO_DEVICE_FEATURE_GET, data);
}

/** Sets a feature, with `data` if it takes any. Throws {@link SysError}. */
export function setFeature(device: DeviceHandle, feature: number, data = new Uint8Array()): void {
  callFeature(device, feature | VFIO_DEVICE_FEATURE_SET, data);
}

/** Sets a feature and returns the bytes after the header. Throws {@link SysError}. */
export function setFeatureAndRead(device: DeviceHandle, feature: number, data: Uint8Array): Bytes {
  return callFeature(device, feature | VFIO_DEVICE_FEATURE_SET, data);
}

function callFeature({ sys, fd }: DeviceHandle, flags: number, data: Uint8Array): Bytes {
  const argsz = vfio_device_feature.size + data.length;
  const argument = vfio_device_feature.make({ argsz, flags }, data.length);
  argument.set(data, vfio_device_feature.size);
  sys.ioctl(fd, VFIO_DEVICE_FEATURE, argument);
  return argument.slice(vfio_device_feature.size);
}
