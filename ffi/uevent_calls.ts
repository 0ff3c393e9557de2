import { errnoView, SysError } from "./errno.ts";
import { type Bytes, SOCK_CLOEXEC } from "./syscalls.ts";

/** The libc functions behind {@link UeventCalls}. Each row ends with the C declaration. */
const LIBC = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" }, // int socket(int domain, int type, int protocol)
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" }, // int bind(int fd, const struct sockaddr *addr, socklen_t len)
  recvfrom: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "buffer"], result: "i32" }, // ssize_t recvfrom(int, void *, size_t, int, struct sockaddr *, socklen_t *)
  eventfd: { parameters: ["u32", "i32"], result: "i32" }, // int eventfd(unsigned int initval, int flags)
  write: { parameters: ["i32", "buffer", "usize"], result: "i32" }, // ssize_t write(int fd, const void *buf, size_t n)
  close: { parameters: ["i32"], result: "i32" }, // int close(int fd)
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32", nonblocking: true }, // int poll(struct pollfd *fds, nfds_t nfds, int timeout)
  __errno_location: { parameters: [], result: "pointer" }, // int *__errno_location(void)
} as const satisfies Deno.ForeignLibraryInterface;

/** The system calls of the uevent socket, in bytes: libc, or a fake in tests. All throw {@link SysError}. */
export interface UeventCalls extends Disposable {
  /** Creates a socket. Always adds `SOCK_CLOEXEC`. Returns a descriptor. */
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Bytes): void;
  /**
   * Receives one datagram and the address of its sender. Does not wait: EAGAIN if there is none. Returns the length of
   * the datagram, which may be larger than the buffer.
   */
  receive(fd: number, buffer: Bytes, sender: Bytes): number;
  /** Creates a counter that {@link wake} makes readable. Returns a descriptor. */
  eventfd(): number;
  wake(eventfd: number): void;
  close(fd: number): void;
  /**
   * Waits until one of the descriptors in an array of `struct pollfd` is ready. A thread waits, not the event loop.
   * Keep the bytes until then. May end early, without any that is ready.
   */
  poll(pollfds: Bytes): Promise<void>;
}

/** Source: `<bits/socket.h>`, `<sys/eventfd.h>`, the same on x86-64 and aarch64. */
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const EFD_CLOEXEC = 0o2000000;

/** No timeout for poll(2). */
const FOREVER = -1;
const POLLFD_BYTES = 8;

/**
 * The calls through libc. For errno, see `openLibc()`. `poll` runs on another thread, where errno cannot be read: it
 * ends early on any error, and the next `receive` reports the error.
 *
 * Effect: loads `libc.so.6`. Dispose of it when no `poll` is running.
 */
export function openUeventCalls(): UeventCalls {
  const library = Deno.dlopen("libc.so.6", LIBC);
  const c = library.symbols;
  const errno = errnoView(c.__errno_location());
  const checked = (result: number, error: number, call: string): number => {
    if (result < 0) throw new SysError(call, error);
    return result;
  };
  return {
    socket(domain, type, protocol) {
      const result = c.socket(domain, type | SOCK_CLOEXEC, protocol);
      const error = errno[0]!;
      return checked(result, error, "socket");
    },
    bind(fd, address) {
      const result = c.bind(fd, address, address.length);
      const error = errno[0]!;
      checked(result, error, "bind");
    },
    receive(fd, buffer, sender) {
      const senderBytes = new Uint8Array(Uint32Array.of(sender.length).buffer);
      const length = BigInt(buffer.length);
      const flags = MSG_DONTWAIT | MSG_TRUNC;
      const result = c.recvfrom(fd, buffer, length, flags, sender, senderBytes);
      const error = errno[0]!;
      return checked(result, error, "recvfrom");
    },
    eventfd() {
      const result = c.eventfd(0, EFD_CLOEXEC);
      const error = errno[0]!;
      return checked(result, error, "eventfd");
    },
    wake(eventfd) {
      const one = new Uint8Array(BigUint64Array.of(1n).buffer);
      const result = c.write(eventfd, one, 8n);
      const error = errno[0]!;
      checked(result, error, "write eventfd");
    },
    close(fd) {
      const result = c.close(fd);
      const error = errno[0]!;
      checked(result, error, "close");
    },
    async poll(pollfds) {
      await c.poll(pollfds, BigInt(pollfds.length / POLLFD_BYTES), FOREVER);
    },
    [Symbol.dispose]: () => library.close(),
  };
}
