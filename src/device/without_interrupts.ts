import { SysError } from "../../ffi/errno.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";

/** How often a call is made again: a driver that always answers EINTR must not hold the device for ever. */
const TURNS = 32;

/**
 * The same calls, made again where a signal interrupted them (EINTR), which says nothing of a device. A close is not:
 * close(2) has freed the descriptor by then.
 */
export function withoutInterrupts(sys: Syscalls): Syscalls {
  return {
    open: (...call) => again(() => sys.open(...call)),
    socket: (...call) => again(() => sys.socket(...call)),
    close: (fd) => sys.close(fd),
    ioctl: (...call) => again(() => sys.ioctl(...call)),
    read: (...call) => again(() => sys.read(...call)),
    write: (...call) => again(() => sys.write(...call)),
    pread: (...call) => again(() => sys.pread(...call)),
    pwrite: (...call) => again(() => sys.pwrite(...call)),
    addressOf: (buffer) => sys.addressOf(buffer),
  };
}

function again<T>(call: () => T): T {
  for (let turn = 1;; turn++) {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof SysError) || error.code !== "EINTR" || turn === TURNS) throw error;
    }
  }
}
