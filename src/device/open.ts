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

/** A device to open: its name, and its nodes as `/dev` names them. */
export interface Target {
  id: string;
  nodes: { cdev: string | null; group: string | null };
}

/**
 * Opens a device, by its cdev where it has one and `/dev/iommu` is there, else by its group.
 *
 * Source: `Documentation/driver-api/vfio.rst`; `VFIO_DEVICE_BIND_IOMMUFD`, `VFIO_GROUP_GET_DEVICE_FD`.
 * Effect: opens; a PCI function that can be reset is reset, now and when it is closed, which takes some
 * 100 ms. Never call it on a device that somebody holds. A call that a signal interrupts is made again, on the handle
 * too. Throws a {@link Failure} on what is not foreseen.
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

/** By cdev and iommufd; null where the host has no `/dev/iommu`, so that the group is the way. */
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
    // EBUSY: held by its group. EINVAL, with arguments known to be right: held by its cdev.
    if (error instanceof SysError && ["EBUSY", "EINVAL"].includes(error.code)) {
      return {
        kind: "in-use",
        check: { step: "VFIO_DEVICE_BIND_IOMMUFD", errno: error.code },
      };
    }
    // The nodes could be opened: it is the IOMMU group that belongs to others.
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
      // The device is unbound by closing it, and must be before its iommufd is.
      [Symbol.dispose]: () => owned[Symbol.dispose](),
    },
  };
}

/** The errnos of opening that are answers. */
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
        remedy: "Run vfio-ask as root, or as a user that may open the nodes in /dev/vfio.",
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
