import { errnoName, errnoView } from "./errno.ts";
import {
  AF_UNIX,
  group,
  SO_ACCEPTCONN,
  SO_PEERCRED,
  SO_PEERGROUPS,
  SOL_SOCKET,
  ucred,
} from "./unix_socket.ts";

const SOCKETS = {
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" }, // int getsockname(int, struct sockaddr *, socklen_t *)
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" }, // int getsockopt(int, int level, int name, void *, socklen_t *)
  getgrnam: { parameters: ["buffer"], result: "pointer" }, // struct group *getgrnam(const char *name)
  __errno_location: { parameters: [], result: "pointer" }, // int *__errno_location(void)
} as const satisfies Deno.ForeignLibraryInterface;

/** sizeof sockaddr_un. */
const ADDRESS_BYTES = 110;
/** The most groups that a process can have. Source: `NGROUPS_MAX` of `<linux/limits.h>`. */
const NGROUPS_MAX = 65536;

/** The process that connected to a socket. The kernel keeps the IDs that it had then. */
export interface Peer {
  pid: number;
  uid: number;
  /** The effective group, and all supplementary groups. */
  gids: number[];
}

/** Lists the peers of a Unix socket. Dispose of it to unload libc. */
export interface Peers extends Disposable {
  /** One entry for each open connection that this process has accepted on the socket. */
  list(): Peer[];
}

/**
 * The peers of the Unix socket that this process listens on, by the path that it was bound to.
 *
 * Question: who is at the other end of a connection? Deno does not give the descriptor of a connection. Choice: ask the
 * kernel about all accepted connections of the socket, which are among the descriptors of this process. Given up: which
 * of them a request came from. A caller can only ask whether all of them may do something. `node:http` has the
 * descriptor in a private property, and would be a second server with its own limits.
 *
 * Source: `/proc/self/fd`, getsockname(2), `SO_ACCEPTCONN`, `SO_PEERCRED`, `SO_PEERGROUPS` (Linux 4.13). Effect: loads
 * libc. `list()` throws an Error if the kernel does not name a peer.
 */
export function openPeers(path: string): Peers {
  const wanted = new TextEncoder().encode(path);
  const library = Deno.dlopen("libc.so.6", SOCKETS);
  const { getsockname, getsockopt, __errno_location } = library.symbols;
  const errno = errnoView(__errno_location());
  const address = new Uint8Array(ADDRESS_BYTES);
  const length = new Uint32Array(1);
  const gids = new Uint32Array(NGROUPS_MAX);

  const isOfSocket = (fd: number): boolean => {
    address.fill(0);
    length[0] = address.length;
    if (getsockname(fd, address, length) !== 0) return false;
    const family = new DataView(address.buffer).getUint16(0, true);
    const bound = address.subarray(2, Math.min(length[0], ADDRESS_BYTES));
    return family === AF_UNIX && wanted.every((byte, at) => bound[at] === byte) &&
      (bound[wanted.length] ?? 0) === 0;
  };
  /** Reads an option into the buffer. Returns how many bytes it has. */
  const read = (fd: number, option: number, into: Uint8Array<ArrayBuffer>): number => {
    length[0] = into.length;
    const result = getsockopt(fd, SOL_SOCKET, option, into, length);
    const error = errno[0]!;
    if (result === 0) return length[0];
    throw new Error(`Cannot read who is connected to ${path}: ${errnoName(error)}`);
  };
  const isListening = (fd: number): boolean => {
    const flag = new Uint8Array(4);
    read(fd, SO_ACCEPTCONN, flag);
    return flag[0] !== 0;
  };
  const peerOf = (fd: number): Peer => {
    const bytes = ucred.make();
    read(fd, SO_PEERCRED, bytes);
    const { pid, uid, gid } = ucred.read(bytes);
    const size = read(fd, SO_PEERGROUPS, new Uint8Array(gids.buffer));
    return { pid, uid, gids: [gid, ...gids.subarray(0, size / 4)] };
  };
  return {
    list: () =>
      Array.from(Deno.readDirSync("/proc/self/fd"), ({ name }) => Number(name))
        .filter((fd) => isOfSocket(fd) && !isListening(fd))
        .map(peerOf),
    [Symbol.dispose]: () => library.close(),
  };
}

/** The number of a group of this machine, by name; null if there is none. Source: getgrnam(3). Effect: loads libc. */
export function findGroup(name: string): number | null {
  const library = Deno.dlopen("libc.so.6", SOCKETS);
  try {
    const found = library.symbols.getgrnam(new TextEncoder().encode(`${name}\0`));
    if (found === null) return null;
    const bytes = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(found, group.size));
    return group.read(bytes).gr_gid;
  } finally {
    library.close();
  }
}
