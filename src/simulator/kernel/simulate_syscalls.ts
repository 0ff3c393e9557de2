import { errnoNumber, SysError } from "../../../ffi/errno.ts";
import type { Syscalls } from "../../../ffi/syscalls.ts";
import type { HostRoots } from "../../sysfs/roots.ts";
import type { Scenario } from "../scenario.ts";
import { bootKernel } from "./boot_kernel.ts";
import { openContainer } from "./container_file.ts";
import type { OpenFile } from "./descriptors.ts";
import { openCdev } from "./device_file.ts";
import { openGroup } from "./group_file.ts";
import { openIommufd } from "./iommufd_file.ts";
import type { Kernel } from "./kernel.ts";
import { Refusal, refuse } from "./refusal.ts";
import { describeRequest } from "./request_names.ts";

/** The simulated kernel behind the seam, and what a test may look at beside it. */
export interface SimulatedSyscalls extends Syscalls {
  /** How many descriptors are open now. */
  readonly openDescriptors: number;
  /** Every call with its answer, in order: `ioctl 5 VFIO_DEVICE_GET_INFO = 0`, `open /dev/iommu = ENOENT`. */
  readonly log: readonly string[];
}

/** Node paths and who opens them; the first that matches. */
const NODES: readonly (readonly [RegExp, (kernel: Kernel, name: string) => OpenFile])[] = [
  [/^\/dev\/vfio\/vfio$/, openContainer],
  [
    /^\/dev\/iommu$/,
    (kernel) => kernel.scenario.host.iommufd ? openIommufd(kernel) : refuse("ENOENT"),
  ],
  [/^\/dev\/vfio\/devices\/([^/]+)$/, openNamedCdev],
  [
    /^\/dev\/vfio\/([^/]+)$/,
    (kernel, name) => openGroup(kernel, kernel.groups.get(name) ?? refuse("ENOENT")),
  ],
];

/** The system calls of a simulated host, as one process of it would make them. */
export function simulateSyscalls(scenario: Scenario, roots: HostRoots): SimulatedSyscalls {
  const kernel = bootKernel(scenario);
  const { descriptors, memory } = kernel;
  const log: string[] = [];
  const answer = (line: string, call: string, run: () => number): number => {
    try {
      const result = run();
      log.push(`${line} = ${result}`);
      return result;
    } catch (error) {
      if (!(error instanceof Refusal)) {
        log.push(`${line} = oops`);
        throw error;
      }
      log.push(`${line} = ${error.code}`);
      throw new SysError(call, errnoNumber(error.code));
    }
  };
  const transfer = (call: "read" | "write" | "pread" | "pwrite", fd: number, run: () => number) =>
    answer(`${call} ${fd}`, call, run);
  return {
    get openDescriptors() {
      return descriptors.size;
    },
    log,
    open(path) {
      const inside = path.startsWith(`${roots.dev}/`);
      const node = inside ? `/dev${path.slice(roots.dev.length)}` : path;
      return answer(
        `open ${node}`,
        `open ${path}`,
        () => inside ? descriptors.install(openNode(kernel, node)) : refuse("ENOENT"),
      );
    },
    /** This kernel has no netlink. */
    socket: (domain) => answer(`socket ${domain}`, "socket", () => refuse("EAFNOSUPPORT")),
    close(fd) {
      answer(`close ${fd}`, "close", () => {
        descriptors.remove(fd).release();
        return 0;
      });
    },
    ioctl(fd, request, argument = 0) {
      return answer(
        `ioctl ${fd} ${describeRequest(request, argument)}`,
        `ioctl 0x${request.toString(16)}`,
        () => descriptors.get(fd).ioctl(request, argument),
      );
    },
    read: (fd, buffer) =>
      transfer("read", fd, () => descriptors.get(fd).read?.(buffer) ?? refuse("EINVAL")),
    write: (fd, buffer) =>
      transfer("write", fd, () => descriptors.get(fd).write?.(buffer) ?? refuse("EINVAL")),
    pread: (fd, buffer, offset) =>
      transfer("pread", fd, () => descriptors.get(fd).pread?.(buffer, offset) ?? refuse("ESPIPE")),
    pwrite: (fd, buffer, offset) =>
      transfer(
        "pwrite",
        fd,
        () => descriptors.get(fd).pwrite?.(buffer, offset) ?? refuse("ESPIPE"),
      ),
    addressOf: (buffer) => memory.addressOf(buffer),
  };
}

function openNode(kernel: Kernel, node: string): OpenFile {
  for (const [pattern, open] of NODES) {
    const match = pattern.exec(node);
    if (match !== null) return open(kernel, match[1] ?? "");
  }
  return refuse("ENOENT");
}

function openNamedCdev(kernel: Kernel, name: string): OpenFile {
  const device = kernel.devices.get(name) ?? refuse("ENOENT");
  if (!kernel.scenario.host.iommufd || device.group.noiommu) refuse("ENOENT");
  return openCdev(kernel, device);
}
