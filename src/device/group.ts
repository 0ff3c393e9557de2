import { join } from "@std/path";
import { type Bytes, O_RDWR, type Syscalls } from "../../ffi/syscalls.ts";
import {
  VFIO_API_VERSION,
  VFIO_CHECK_EXTENSION,
  VFIO_GET_API_VERSION,
  VFIO_GROUP_FLAGS_VIABLE,
  VFIO_GROUP_GET_DEVICE_FD,
  VFIO_GROUP_GET_STATUS,
  VFIO_GROUP_SET_CONTAINER,
  vfio_group_status,
  VFIO_NOIOMMU_IOMMU,
  VFIO_SET_IOMMU,
  VFIO_TYPE1_IOMMU,
  VFIO_TYPE1v2_IOMMU,
} from "../../ffi/vfio.ts";
import { Failure } from "../documents/mod.ts";
import { type HostRoots, isNoIommuNode } from "../host/mod.ts";
import { Descriptors, type DeviceHandle } from "./handle.ts";
import { notViable, type Opened, openNode, step } from "./step.ts";

/** The IOMMU backends of a container, best first. */
const BACKENDS = [
  { iommu: "type1v2", extension: VFIO_TYPE1v2_IOMMU, noiommu: false },
  { iommu: "type1", extension: VFIO_TYPE1_IOMMU, noiommu: false },
  { iommu: "noiommu", extension: VFIO_NOIOMMU_IOMMU, noiommu: true },
] as const;

/**
 * Opens a device through its group, in a new container.
 *
 * Source: `Documentation/driver-api/vfio.rst`, "VFIO Usage Example". A group opens once: EBUSY means that another
 * process has it. Effect: opens the container, the group and the device.
 */
export function openGroup(
  sys: Syscalls,
  { dev }: HostRoots,
  { id, node }: { id: string; node: string },
): Opened {
  using descriptors = new Descriptors(sys);
  // The group comes first: it shows at once, and without side effects, whether another process has it.
  const group = descriptors.add(openNode(sys, dev, node));
  if (!isViable(sys, group)) return notViable(id);
  const container = descriptors.add(
    step("open /dev/vfio/vfio", () => sys.open(join(dev, "vfio/vfio"), O_RDWR)),
  );
  const iommu = setUp(sys, { container, group, noiommu: isNoIommuNode(node) });
  const name: Bytes = new TextEncoder().encode(id + "\0");
  const fd = descriptors.add(
    step(
      "VFIO_GROUP_GET_DEVICE_FD",
      () => sys.ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name),
      "device",
    ),
  );
  const owned = descriptors.release();
  const handle: DeviceHandle = {
    sys,
    fd,
    path: "group",
    iommu,
    bound: null,
    [Symbol.dispose]: () => owned[Symbol.dispose](),
  };
  return { kind: "open", handle };
}

function isViable(sys: Syscalls, group: number): boolean {
  const status = vfio_group_status.make({ argsz: vfio_group_status.size });
  step("VFIO_GROUP_GET_STATUS", () => sys.ioctl(group, VFIO_GROUP_GET_STATUS, status));
  return (vfio_group_status.read(status).flags & VFIO_GROUP_FLAGS_VIABLE) !== 0;
}

/** Adds the group to the container and sets the container's IOMMU backend. */
function setUp(
  sys: Syscalls,
  { container, group, noiommu }: { container: number; group: number; noiommu: boolean },
): DeviceHandle["iommu"] {
  const version = step("VFIO_GET_API_VERSION", () => sys.ioctl(container, VFIO_GET_API_VERSION));
  if (version !== VFIO_API_VERSION) {
    throw new Failure("unsupported", `Cannot use VFIO: the API version is ${version}, not 0`, {
      subject: "/dev/vfio/vfio",
    });
  }
  const fd = new Uint8Array(new Int32Array([container]).buffer);
  step("VFIO_GROUP_SET_CONTAINER", () => sys.ioctl(group, VFIO_GROUP_SET_CONTAINER, fd));
  for (const backend of BACKENDS) {
    if (backend.noiommu !== noiommu) continue;
    if (!hasExtension(sys, container, backend.extension)) continue;
    step("VFIO_SET_IOMMU", () => sys.ioctl(container, VFIO_SET_IOMMU, backend.extension));
    return backend.iommu;
  }
  throw new Failure("unsupported", "Cannot use VFIO: the container has no IOMMU backend", {
    subject: "/dev/vfio/vfio",
    remedy: "Load the module vfio_iommu_type1.",
  });
}

function hasExtension(sys: Syscalls, container: number, extension: number): boolean {
  const ask = () => sys.ioctl(container, VFIO_CHECK_EXTENSION, extension);
  return step("VFIO_CHECK_EXTENSION", ask) > 0;
}
