import { SysError } from "../../ffi/errno.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";

/** Maximum number of repeats: a driver that always returns EINTR must not block a device forever. */
const TURNS = 32;

/**
 * The same calls, repeated if a signal interrupts them (EINTR). That says nothing about a device. A close is not
 * repeated: close(2) has already freed the descriptor.
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
