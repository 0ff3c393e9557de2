import { errnoNumber, SysError } from "../../../ffi/errno.ts";
import type { Syscalls } from "../../../ffi/syscalls.ts";
import type { HostRoots } from "../../host/roots.ts";
import type { Scenario } from "../scenario.ts";
import { bootKernel } from "./boot_kernel.ts";
import { openContainer } from "./container_file.ts";
import type { OpenFile } from "./descriptors.ts";
import { openCdev } from "./device_file.ts";
import { deviceNamed, leaveInState, stateName } from "./device_state.ts";
import { openGroup } from "./group_file.ts";
import { openIommufd } from "./iommufd_file.ts";
import type { Kernel } from "./kernel.ts";
import { openCreate, openRemove } from "./mdev_files.ts";
import { Refusal, refuse } from "./refusal.ts";
import { describeRequest } from "./request_names.ts";

/** The simulated kernel's system calls, plus what a test may inspect. */
export interface SimulatedSyscalls extends Syscalls {
  /** The number of open descriptors. */
  readonly openDescriptors: number;
  /** Every call with its result, in order: `ioctl 5 VFIO_DEVICE_GET_INFO = 0`, `open /dev/iommu = ENOENT`. */
  readonly log: readonly string[];
  /** The mdevs created since boot that still exist. */
  readonly mdevs: readonly string[];
  /** The migration state of a device, by its v1 or v2 name. Null without migration. */
  stateOf(id: string): string | null;
  /** Puts a device in a state, as after a killed program: without its streams. */
  leaveIn(id: string, state: string): void;
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
    get mdevs() {
      return [...kernel.made.keys()];
    },
    stateOf: (id) => stateName(deviceNamed(kernel, id)),
    leaveIn: (id, state) => leaveInState(deviceNamed(kernel, id), state),
    open(path) {
      const tree = (["dev", "sys"] as const).find((name) => path.startsWith(`${roots[name]}/`));
      const inside = tree === undefined ? path : `/${tree}${path.slice(roots[tree].length)}`;
      return answer(
        `open ${inside}`,
        `open ${path}`,
        () => tree === undefined ? refuse("ENOENT") : descriptors.install(openPath(kernel, inside)),
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
