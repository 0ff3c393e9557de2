import { assert, assertEquals, assertThrows } from "@std/assert";
import { SysError } from "../../ffi/errno.ts";
import { VFIO_DEVICE_GET_INFO, vfio_device_info } from "../../ffi/vfio.ts";
import { O_RDWR } from "../../ffi/syscalls.ts";
import { type DeviceHandle, openDevice } from "../../src/device/mod.ts";
import { type ContractCase, type ContractHost, withoutCdev, withoutGroup } from "./contract.ts";

/** Opens the migratable device. Fails the case if it cannot. */
export function opened(
  host: ContractHost,
  sys: ReturnType<ContractHost["openSyscalls"]>,
  path: "any" | "cdev" | "group" = "any",
  device = host.subjects.migratable,
): DeviceHandle {
  const result = openDevice(sys, host.roots, device, path);
  assert(result.kind === "open", `${device.id} is ${result.kind}`);
  return result.handle;
}

const answersTo = ({ sys, fd }: DeviceHandle) =>
  sys.ioctl(fd, VFIO_DEVICE_GET_INFO, vfio_device_info.make({ argsz: vfio_device_info.size }));

const PATHS = [["group", withoutGroup], ["cdev", withoutCdev]] as const;

export const OPEN_CASES: readonly ContractCase[] = [
  ...PATHS.map(([path, skip]): ContractCase => ({
    name: `a device opens by its ${path}, answers, and closes every descriptor`,
    skip,
    run(host) {
      using sys = host.openSyscalls();
      const before = host.countDescriptors();
      for (let round = 0; round < 3; round++) {
        using handle = opened(host, sys, path);
        assertEquals(handle.path, path);
        answersTo(handle);
      }
      assertEquals(host.countDescriptors(), before);
    },
  })),
  ...PATHS.flatMap(([held, skipHeld]) =>
    PATHS.map(([path, skip]): ContractCase => ({
      name: `a device held by its ${held} is in use when opened by its ${path}`,
      skip: (host) => skipHeld(host) ?? skip(host),
      run(host) {
        using sys = host.openSyscalls();
        const before = host.countDescriptors();
        {
          using holder = opened(host, sys, held);
          using second = host.openSyscalls();
          const result = openDevice(second, host.roots, host.subjects.migratable, path);
          if (result.kind === "open") result.handle[Symbol.dispose]();
          assertEquals(result.kind, "in-use");
          answersTo(holder);
        }
        assertEquals(host.countDescriptors(), before);
        using again = opened(host, sys, path);
        answersTo(again);
      },
    }))
  ),
  {
    name: "a cdev that is not bound to an iommufd answers EINVAL",
    skip: withoutCdev,
    run(host) {
      using sys = host.openSyscalls();
      const node = host.subjects.migratable.nodes.cdev!.replace("/dev", host.roots.dev);
      const fd = sys.open(node, O_RDWR);
      const info = vfio_device_info.make({ argsz: vfio_device_info.size });
      const error = assertThrows(() => sys.ioctl(fd, VFIO_DEVICE_GET_INFO, info), SysError);
      sys.close(fd);
      assertEquals(error.code, "EINVAL");
    },
  },
  {
    name: "a device without its nodes is gone",
    run(host) {
      using sys = host.openSyscalls();
      const before = host.countDescriptors();
      const nodes = { cdev: "/dev/vfio/devices/vfio9999", group: "/dev/vfio/9999" };
      for (const path of ["cdev", "group"] as const) {
        if (path === "cdev" && withoutCdev(host) !== null) continue;
        const result = openDevice(sys, host.roots, { id: "nowhere", nodes }, path);
        assertEquals(result.kind, "gone");
      }
      assertEquals(host.countDescriptors(), before);
    },
  },
];
