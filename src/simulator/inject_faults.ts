import { errnoNumber, SysError } from "../../ffi/errno.ts";
import type { Bytes, Syscalls } from "../../ffi/syscalls.ts";
import {
  VFIO_DEVICE_FEATURE,
  vfio_device_feature,
  VFIO_DEVICE_FEATURE_MASK,
  VFIO_DEVICE_FEATURE_PROBE,
  VFIO_DEVICE_FEATURE_SET,
  VFIO_GROUP_GET_DEVICE_FD,
} from "../../ffi/vfio.ts";
import {
  VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
  vfio_device_feature_mig_state,
} from "../../ffi/vfio_migration.ts";

/** The calls that move bytes, of which fewer may be moved than asked for. */
const TRANSFERS = ["read", "write", "pread", "pwrite"] as const;
type Transfer = typeof TRANSFERS[number];
type CallName = "open" | "socket" | "close" | "ioctl" | Transfer;

/** Which calls go wrong, and how: with an errno, or as a transfer of fewer bytes. What is left out is any. */
export type Fault = {
  readonly call?: CallName;
  /** How the opened path ends; it holds for descriptors that came out of that one, too. */
  readonly path?: string;
  /** Of an ioctl: only this request. */
  readonly request?: number;
  /** Of `VFIO_DEVICE_FEATURE`: only this feature. */
  readonly feature?: number;
  /** Only from this call on, as all calls are counted from 0. */
  readonly from?: number;
  /** How often; always, where it is left out. */
  readonly times?: number;
} & (Failing | Short);

interface Failing {
  /** errno's name. */
  readonly errno: string;
  /** Whether the call is made and then fails, as where its answer cannot be copied out. */
  readonly made?: boolean;
}

interface Short {
  /** How many bytes are moved at most. Zero is what a read at the end gives. */
  readonly bytes: 0 | 1 | "half";
}

interface Call {
  readonly call: CallName;
  readonly index: number;
  readonly path: string;
  readonly request?: number;
  readonly argument?: Bytes | number;
}

/**
 * The same system calls, but some go wrong. A close that fails has closed the descriptor all the same, as the
 * kernel's does; any other call that fails is not made, unless the fault says so, and then leaves no descriptor.
 */
export function injectFaults(inner: Syscalls, faults: readonly Fault[]): Syscalls {
  const left = faults.map((fault) => ({ fault, times: fault.times ?? Infinity }));
  const paths = new Map<number, string>();
  let calls = 0;
  const faultOf = (call: Omit<Call, "index" | "path">, path: string): Fault | null => {
    const found = { ...call, path, index: calls++ };
    const hit = left.find(({ fault, times }) => times > 0 && matches(fault, found));
    if (hit === undefined) return null;
    hit.times--;
    return hit.fault;
  };
  /** Makes a call that may fail; `undo` takes back what it handed out. */
  const make = (
    fault: Fault | null,
    text: string,
    { run, undo = () => {} }: { run: () => number; undo?: (result: number) => void },
  ): number => {
    if (fault === null || !("errno" in fault)) return run();
    if (fault.made) undo(run());
    throw new SysError(text, errnoNumber(fault.errno));
  };
  const transfer = (
    call: Transfer,
    fd: number,
    { buffer, run }: { buffer: Bytes; run: (buffer: Bytes) => number },
  ): number => {
    const path = paths.get(fd) ?? "";
    const fault = faultOf({ call }, path);
    return fault !== null && "bytes" in fault
      ? moveLess(fault, buffer, { run, whole: call === "pwrite" || path.includes("/sys/") })
      : make(fault, call, { run: () => run(buffer) });
  };
  return {
    open(path, flags) {
      const fault = faultOf({ call: "open" }, path);
      const fd = make(fault, `open ${path}`, {
        run: () => inner.open(path, flags),
        undo: (fd) => inner.close(fd),
      });
      paths.set(fd, path);
      return fd;
    },
    socket: (domain, type, protocol) =>
      make(faultOf({ call: "socket" }, ""), "socket", {
        run: () => inner.socket(domain, type, protocol),
        undo: (fd) => inner.close(fd),
      }),
    close(fd) {
      const fault = faultOf({ call: "close" }, paths.get(fd) ?? "");
      paths.delete(fd);
      inner.close(fd);
      make(fault, "close", { run: () => 0 });
    },
    ioctl(fd, request, argument = 0) {
      const path = paths.get(fd) ?? "";
      const fault = faultOf({ call: "ioctl", request, argument }, path);
      const handedOut = (result: number) => descriptorFrom(request, argument, result);
      const result = make(fault, `ioctl 0x${request.toString(16)}`, {
        run: () => inner.ioctl(fd, request, argument),
        undo(result) {
          const made = handedOut(result);
          if (made !== null) inner.close(made);
        },
      });
      const made = handedOut(result);
      if (made !== null) paths.set(made, path);
      return result;
    },
    read: (fd, buffer) => transfer("read", fd, { buffer, run: (part) => inner.read(fd, part) }),
    write: (fd, buffer) => transfer("write", fd, { buffer, run: (part) => inner.write(fd, part) }),
    pread: (fd, buffer, offset) =>
      transfer("pread", fd, { buffer, run: (part) => inner.pread(fd, part, offset) }),
    pwrite: (fd, buffer, offset) =>
      transfer("pwrite", fd, { buffer, run: (part) => inner.pwrite(fd, part, offset) }),
    addressOf: (buffer) => inner.addressOf(buffer),
  };
}

/** Moves fewer bytes. A register or an attribute, which is taken as a `whole` only, is none the other for it. */
function moveLess(
  { bytes }: Short,
  buffer: Bytes,
  { run, whole }: { run: (buffer: Bytes) => number; whole: boolean },
): number {
  const count = bytes === "half" ? buffer.length >> 1 : Math.min(bytes, buffer.length);
  if (count === 0) return 0;
  try {
    return run(buffer.subarray(0, count));
  } catch (error) {
    if (whole && error instanceof SysError && error.code === "EINVAL") return count;
    throw error;
  }
}

function matches(fault: Fault, { call, index, path, request, argument }: Call): boolean {
  return (fault.call === undefined || fault.call === call) &&
    index >= (fault.from ?? 0) &&
    (!("bytes" in fault) || (TRANSFERS as readonly string[]).includes(call)) &&
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
  const { flags } = vfio_device_feature.read(bytes);
  if ((flags & VFIO_DEVICE_FEATURE_SET) === 0 || (flags & VFIO_DEVICE_FEATURE_PROBE) !== 0) {
    return null;
  }
  const { data_fd } = vfio_device_feature_mig_state.read(bytes, vfio_device_feature.size);
  return data_fd >= 0 ? data_fd : null;
}
