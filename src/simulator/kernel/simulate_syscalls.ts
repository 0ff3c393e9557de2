import { errnoNumber, SysError } from "../../../ffi/errno.ts";
import type { Syscalls } from "../../../ffi/syscalls.ts";
import type { HostRoots } from "../../host/roots.ts";
import type { Scenario } from "../scenario.ts";
import { bootKernel } from "./boot_kernel.ts";
import { openContainer } from "./container_file.ts";
import { fileOf, install } from "./descriptors.ts";
import { openCdev } from "./device_file.ts";
import { openGroup } from "./group_file.ts";
import { openIommufd } from "./iommufd_file.ts";
import type { Kernel, OpenFile } from "./kernel.ts";
import { openCreate, openRemove } from "./mdev_files.ts";
import { Refusal, refuse } from "./refusal.ts";

/** The simulated kernel's system calls, plus its state for tests. */
export interface SimulatedSyscalls extends Syscalls {
  readonly kernel: Kernel;
  /** The number of open descriptors. */
  readonly openDescriptors: number;
}

/** Paths that can be opened: nodes and two mdev attributes. The first match wins. */
const PATHS: readonly (readonly [RegExp, (kernel: Kernel, ...names: string[]) => OpenFile])[] = [
  [/^\/dev\/vfio\/vfio$/, openContainer],
  [
    /^\/dev\/iommu$/,
    (kernel) => kernel.scenario.host.iommufd ? openIommufd(kernel) : refuse("ENOENT"),
  ],
  [/^\/dev\/vfio\/devices\/([^/]+)$/, openNamedCdev],
  [
    /^\/dev\/vfio\/([^/]+)$/,
    (kernel, name) => openGroup(kernel, kernel.groups.get(name!) ?? refuse("ENOENT")),
  ],
  [/^\/sys\/class\/mdev_bus\/([^/]+)\/mdev_supported_types\/([^/]+)\/create$/, openCreate],
  [/^\/sys\/bus\/mdev\/devices\/([^/]+)\/remove$/, openRemove],
];

/** The system calls of a simulated host, as made by one of its processes. */
export function simulateSyscalls(scenario: Scenario, roots: HostRoots): SimulatedSyscalls {
  const kernel = bootKernel(scenario, roots);
  const answer = (call: string, run: () => number): number => {
    try {
      return run();
    } catch (error) {
      if (error instanceof Refusal) throw new SysError(call, errnoNumber(error.code));
      throw error;
    }
  };
  const file = (fd: number) => fileOf(kernel, fd);
  return {
    kernel,
    get openDescriptors() {
      return kernel.files.size;
    },
    open(path) {
      const tree = (["dev", "sys"] as const).find((name) => path.startsWith(`${roots[name]}/`));
      return answer(`open ${path}`, () => {
        if (tree === undefined) return refuse("ENOENT");
        return install(kernel, openPath(kernel, `/${tree}${path.slice(roots[tree].length)}`));
      });
    },
    /** This kernel has no netlink. */
    socket: () => answer("socket", () => refuse("EAFNOSUPPORT")),
    close(fd) {
      answer("close", () => {
        const closed = file(fd);
        kernel.files.delete(fd);
        closed.release?.();
        return 0;
      });
    },
    ioctl: (fd, request, argument = 0) =>
      answer(`ioctl 0x${request.toString(16)}`, () => file(fd).ioctl(request, argument)),
    read: (fd, buffer) => answer("read", () => file(fd).read?.(buffer) ?? refuse("EINVAL")),
    write: (fd, buffer) => answer("write", () => file(fd).write?.(buffer) ?? refuse("EINVAL")),
    pread: (fd, buffer, offset) =>
      answer("pread", () => file(fd).pread?.(buffer, offset) ?? refuse("ESPIPE")),
    pwrite: (fd, buffer, offset) =>
      answer("pwrite", () => file(fd).pwrite?.(buffer, offset) ?? refuse("ESPIPE")),
    addressOf: (buffer) => kernel.memory.addressOf(buffer),
  };
}

function openPath(kernel: Kernel, path: string): OpenFile {
  for (const [pattern, open] of PATHS) {
    const match = pattern.exec(path);
    if (match !== null) return open(kernel, match[1] ?? "", match[2] ?? "");
  }
  return refuse("ENOENT");
}

function openNamedCdev(kernel: Kernel, name = ""): OpenFile {
  const device = kernel.devices.get(name) ?? refuse("ENOENT");
  if (!kernel.scenario.host.iommufd || device.group.noiommu) refuse("ENOENT");
  return openCdev(kernel, device);
}
