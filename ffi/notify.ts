import { errnoName, errnoView } from "./errno.ts";
import { SOCK_CLOEXEC } from "./syscalls.ts";
import { AF_UNIX } from "./unix_socket.ts";

const SOCKETS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" }, // int socket(int domain, int type, int protocol)
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "i32" }, // ssize_t sendto(int, const void *, size_t, int, const struct sockaddr *, socklen_t)
  close: { parameters: ["i32"], result: "i32" }, // int close(int fd)
  __errno_location: { parameters: [], result: "pointer" }, // int *__errno_location(void)
} as const satisfies Deno.ForeignLibraryInterface;

const SOCK_DGRAM = 2;
const MSG_NOSIGNAL = 0x4000;
/** sizeof sockaddr_un.sun_path without the NUL. */
const MAX_PATH_BYTES = 107;

/** A connection to a service manager. Dispose of it to unload libc. */
export interface Notify extends Disposable {
  /** Sends a state. Returns null on success, otherwise the reason for the failure. */
  tell(state: string): string | null;
}

/**
 * The notify socket of sd_notify(3): a path, or an abstract name that begins with `@`. Each call sends one datagram.
 * Effect: loads libc. Throws a RangeError if the path is too long for a socket.
 */
export function openNotify(path: string): Notify {
  const name = new TextEncoder().encode(path);
  if (name.length > MAX_PATH_BYTES) {
    throw new RangeError(`Cannot use socket ${path}: the path is too long`);
  }
  const address = new Uint8Array(2 + name.length + (path.startsWith("@") ? 0 : 1));
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, 2);
  if (path.startsWith("@")) address[2] = 0;
  const library = Deno.dlopen("libc.so.6", SOCKETS);
  const libc = library.symbols;
  const tell = (state: string): string | null => {
    const errno = errnoView(libc.__errno_location());
    const message = new TextEncoder().encode(state);
    const length = BigInt(message.length);
    const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return `socket: ${errnoName(errno[0]!)}`;
    const sent = libc.sendto(fd, message, length, MSG_NOSIGNAL, address, address.length);
    const error = errno[0]!;
    libc.close(fd);
    return sent === message.length ? null : `sendto: ${errnoName(error)}`;
  };
  return { tell, [Symbol.dispose]: () => library.close() };
}
