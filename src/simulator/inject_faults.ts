import { errnoNumber, SysError } from "../../ffi/errno.ts";
import type { Bytes, Syscalls } from "../../ffi/syscalls.ts";
import {
  VFIO_DEVICE_FEATURE,
  vfio_device_feature,
  VFIO_DEVICE_FEATURE_MASK,
  VFIO_DEVICE_FEATURE_SET,
  VFIO_GROUP_GET_DEVICE_FD,
} from "../../ffi/vfio.ts";
import {
  VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
  vfio_device_feature_mig_state,
} from "../../ffi/vfio_migration.ts";

/** A call that fails with an errno instead of being made. */
export interface Fault {
  readonly call: "open" | "socket" | "close" | "ioctl" | "read" | "write" | "pread" | "pwrite";
  /** How the opened path ends; it holds for descriptors that came out of that one, too. */
  readonly path?: string;
  /** Of an ioctl: only this request. */
  readonly request?: number;
  /** Of `VFIO_DEVICE_FEATURE`: only this feature. */
  readonly feature?: number;
  /** errno's name. */
  readonly errno: string;
  /** How often; always, where it is left out. */
  readonly times?: number;
}

interface Call {
  readonly call: Fault["call"];
  readonly path: string;
  readonly request?: number;
  readonly argument?: Bytes | number;
}

/**
 * The same system calls, but some fail. A close that fails has closed the descriptor all the same, as
 * the kernel's does; any other failing call is not made.
 */
export function injectFaults(inner: Syscalls, faults: readonly Fault[]): Syscalls {
  const left = faults.map((fault) => ({ fault, times: fault.times ?? Infinity }));
  const paths = new Map<number, string>();
  const check = (call: Call, text: string) => {
    const hit = left.find(({ fault, times }) => times > 0 && matches(fault, call));
    if (hit === undefined) return;
    hit.times--;
    throw new SysError(text, errnoNumber(hit.fault.errno));
  };
  const checkOf = (call: "read" | "write" | "pread" | "pwrite", fd: number) =>
    check({ call, path: paths.get(fd) ?? "" }, call);
  return {
    open(path, flags) {
      check({ call: "open", path }, `open ${path}`);
      const fd = inner.open(path, flags);
      paths.set(fd, path);
      return fd;
    },
    socket(domain, type, protocol) {
      check({ call: "socket", path: "" }, "socket");
      return inner.socket(domain, type, protocol);
    },
    close(fd) {
      const path = paths.get(fd) ?? "";
      paths.delete(fd);
      inner.close(fd);
      check({ call: "close", path }, "close");
    },
    ioctl(fd, request, argument = 0) {
      const path = paths.get(fd) ?? "";
      check({ call: "ioctl", path, request, argument }, `ioctl 0x${request.toString(16)}`);
      const result = inner.ioctl(fd, request, argument);
      const made = descriptorFrom(request, argument, result);
      if (made !== null) paths.set(made, path);
      return result;
    },
    read(fd, buffer) {
      checkOf("read", fd);
      return inner.read(fd, buffer);
    },
    write(fd, buffer) {
      checkOf("write", fd);
      return inner.write(fd, buffer);
    },
    pread(fd, buffer, offset) {
      checkOf("pread", fd);
      return inner.pread(fd, buffer, offset);
    },
    pwrite(fd, buffer, offset) {
      checkOf("pwrite", fd);
      return inner.pwrite(fd, buffer, offset);
    },
    addressOf: (buffer) => inner.addressOf(buffer),
  };
}

function matches(fault: Fault, { call, path, request, argument }: Call): boolean {
  return fault.call === call &&
    (fault.path === undefined || path.endsWith(fault.path)) &&
    (fault.request === undefined || fault.request === request) &&
    (fault.feature === undefined || fault.feature === featureOf(request, argument));
}

function featureOf(request: number | undefined, argument: Bytes | number | undefined) {
  if (request !== VFIO_DEVICE_FEATURE || !(argument instanceof Uint8Array)) return null;
  return vfio_device_feature.read(argument).flags & VFIO_DEVICE_FEATURE_MASK;
}

/** The descriptor that an ioctl handed out: a device's out of its group, or a data descriptor. */
function descriptorFrom(request: number, argument: Bytes | number, result: number): number | null {
  if (request === VFIO_GROUP_GET_DEVICE_FD) return result;
  if (featureOf(request, argument) !== VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE) return null;
  const bytes = argument as Bytes;
  const sets = (vfio_device_feature.read(bytes).flags & VFIO_DEVICE_FEATURE_SET) !== 0;
  const { data_fd } = vfio_device_feature_mig_state.read(bytes, vfio_device_feature.size);
  return sets && data_fd >= 0 ? data_fd : null;
}
