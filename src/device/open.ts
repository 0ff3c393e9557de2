import { join } from "@std/path";
import { SysError } from "../../ffi/errno.ts";
import { VFIO_DEVICE_BIND_IOMMUFD, vfio_device_bind_iommufd } from "../../ffi/vfio.ts";
import { O_RDWR, type Syscalls } from "../../ffi/syscalls.ts";
import { Failure } from "../documents/mod.ts";
import type { HostRoots } from "../host/mod.ts";
import { openGroup } from "./group.ts";
import { Descriptors } from "./handle.ts";
import { withoutInterrupts } from "./without_interrupts.ts";
import { notViable, type Opened, openNode, step, StepError } from "./step.ts";

/** A device to open: its name, and its nodes as named in `/dev`. */
export interface Target {
  id: string;
  nodes: { cdev: string | null; group: string | null };
}

/**
 * Opens a device: through its cdev if it has one and `/dev/iommu` exists, otherwise through its group.
 *
 * Source: `Documentation/driver-api/vfio.rst`; `VFIO_DEVICE_BIND_IOMMUFD`, `VFIO_GROUP_GET_DEVICE_FD`. Effect: opens. A
 * PCI function that can be reset is reset, on open and on close, which takes about 100 ms. Never call it on a device in
 * use. Calls interrupted by a signal are repeated, also on the handle. Throws a {@link Failure} on unexpected errors.
 */
export function openDevice(
  calls: Syscalls,
  roots: HostRoots,
  target: Target,
  path: "any" | "cdev" | "group" = "any",
): Opened {
  const sys = withoutInterrupts(calls);
  const { cdev, group } = target.nodes;
  try {
    if (path !== "group" && cdev !== null) {
      const opened = openCdev(sys, roots, { id: target.id, node: cdev });
      if (opened !== null) return opened;
    }
    if (path !== "cdev" && group !== null) {
      return openGroup(sys, roots, { id: target.id, node: group });
    }
  } catch (error) {
    return expected(error, target.id);
  }
  throw new Failure("not-found", `Cannot open ${target.id}: it has no node in /dev/vfio`, {
    subject: target.id,
    remedy: "Load vfio_iommu_type1 or iommufd, and bind the device to a VFIO driver.",
  });
}

/** Through cdev and iommufd. Null if the host has no `/dev/iommu`; then use the group. */
function openCdev(
  sys: Syscalls,
  { dev }: HostRoots,
  { id, node }: { id: string; node: string },
): Opened | null {
  using descriptors = new Descriptors(sys);
  const iommufd = step("open /dev/iommu", () => {
    try {
      return sys.open(join(dev, "iommu"), O_RDWR);
    } catch (error) {
      if (error instanceof SysError && ["ENOENT", "ENODEV", "ENXIO"].includes(error.code)) {
        return null;
      }
      throw error;
    }
  });
  if (iommufd === null) return null;
  descriptors.add(iommufd);
  const fd = descriptors.add(openNode(sys, dev, node));
  const bind = vfio_device_bind_iommufd.make({ argsz: vfio_device_bind_iommufd.size, iommufd });
  try {
    sys.ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, bind);
  } catch (error) {
    // EBUSY: in use through its group. EINVAL, because our arguments are valid: in use through its cdev.
    if (error instanceof SysError && ["EBUSY", "EINVAL"].includes(error.code)) {
      return {
        kind: "in-use",
        check: { step: "VFIO_DEVICE_BIND_IOMMUFD", errno: error.code },
      };
    }
    // The nodes could be opened, so a host driver has a device of the IOMMU group.
    if (error instanceof SysError && error.code === "EPERM") return notViable(id);
    throw new StepError("VFIO_DEVICE_BIND_IOMMUFD", error, "device");
  }
  const devid = vfio_device_bind_iommufd.read(bind).out_devid;
  const owned = descriptors.release();
  return {
    kind: "open",
    handle: {
      sys,
      fd,
      path: "cdev",
      iommu: "iommufd",
      bound: { iommufd, devid },
      // Closing the device unbinds it. That must happen before its iommufd is closed.
      [Symbol.dispose]: () => owned[Symbol.dispose](),
    },
  };
}

/** Maps the errnos of opening that are answers. */
function expected(error: unknown, id: string): Opened {
  if (!(error instanceof StepError) || !(error.cause instanceof SysError)) throw error;
  const { step, cause, of } = error;
  const check = { step, errno: cause.code };
  switch (cause.code) {
    case "EBUSY":
      return { kind: "in-use", check };
    case "EACCES":
    case "EPERM":
      return {
        kind: "not-permitted",
        check,
        remedy: "Run vfio-ask as root, or as a user with access to the nodes in /dev/vfio.",
      };
    case "ENOENT":
    case "ENODEV":
    case "ENXIO":
      if (of === "device") return { kind: "gone", check };
  }
  throw new Failure(
    "kernel",
    `Cannot open ${id}: kernel answered ${cause.code} (${cause.errno}) to ${step}`,
    { subject: id, cause },
  );
}
