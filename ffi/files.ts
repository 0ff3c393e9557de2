import { errnoView, SysError } from "./errno.ts";
import { O_CLOEXEC, O_RDONLY } from "./syscalls.ts";

/**
 * Reads files of the kernel's file systems (sysfs, procfs) through libc.
 *
 * Question: what exists, and what does it contain? A scan of a large host reads tens of thousands of small files, many
 * only to learn that they do not exist. Deno's functions create an object for each directory entry, and an error with a
 * stack for each missing file. The functions here return names, and null for a missing file. Given up: non-blocking
 * reads, which these files do not need, and paths that are not text.
 *
 * Nothing here opens a device, writes, or makes an ioctl.
 */
const LIBC = {
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" }, // int open(const char *path, int flags, ...)
  close: { parameters: ["i32"], result: "i32" }, // int close(int fd)
  read: { parameters: ["i32", "buffer", "usize"], result: "i32" }, // ssize_t read(int fd, void *buf, size_t n)
  readlink: { parameters: ["buffer", "buffer", "usize"], result: "i32" }, // ssize_t readlink(const char *, char *, size_t)
  getdents64: { parameters: ["i32", "buffer", "usize"], result: "i32" }, // ssize_t getdents64(int fd, void *buf, size_t n)
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" }, // int statx(int, const char *, int, unsigned, struct statx *)
  __errno_location: { parameters: [], result: "pointer" }, // int *__errno_location(void)
} as const satisfies Deno.ForeignLibraryInterface;

/** The status of the file that a path leads to. */
export interface FileStatus {
  /** The inode number, as text: it can be too large for a number. */
  ino: string;
  isFile: boolean;
  /** In bytes. */
  size: number;
  /** Time of the last modification, and of the last inode change, in milliseconds since 1970. */
  mtimeMs: number;
  ctimeMs: number;
}

const ENOENT = 2;
const EINTR = 4;
const ENOTDIR = 20;
const EINVAL = 22;
const ENAMETOOLONG = 36;

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const STATX_BASIC_STATS = 0x7ff;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;

/** Offsets of the fields of `struct statx`, in bytes. Source: `<linux/stat.h>`, the same on all architectures. */
const STATX = { mode: 28, ino: 32, size: 40, ctime: 96, mtime: 112 };
/** Offsets of the fields of `struct linux_dirent64`, in bytes. Source: `<linux/dirent.h>`. */
const DIRENT = { reclen: 16, name: 19 };

const PATH_BYTES = 4096;
/** Larger than any attribute: sysfs returns at most one page. */
const BUFFER_BYTES = 65536;

type Libc = ReturnType<typeof open>;
let opened: Libc | null = null;

/** Loads libc on the first call. It stays loaded until the process ends. */
function open() {
  const { symbols } = Deno.dlopen("libc.so.6", LIBC);
  return { symbols, errno: errnoView(symbols.__errno_location()) };
}

const libc = () => opened ??= open();

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const pathBytes = new Uint8Array(PATH_BYTES);
const buffer = new Uint8Array(BUFFER_BYTES);
const view = new DataView(buffer.buffer);

/**
 * The first 64 KiB of a file, or null if it does not exist. The bytes are valid until the next call to this module.
 *
 * Effect: queries the driver behind an attribute. Throws a {@link SysError} on any other kernel error.
 */
export function readBytes(path: string): Uint8Array<ArrayBuffer> | null {
  const fd = openToRead(path);
  if (fd === null) return null;
  const { symbols, errno } = libc();
  let count = 0;
  for (;;) {
    const rest = buffer.subarray(count);
    const length = BigInt(rest.length);
    const got = symbols.read(fd, rest, length);
    const error = errno[0]!;
    if (got < 0 && error === EINTR) continue;
    if (got <= 0) {
      symbols.close(fd);
      if (got < 0) throw new SysError(`read ${path}`, error);
      return buffer.subarray(0, count);
    }
    count += got;
  }
}

/** Like {@link readBytes}, decoded as UTF-8. */
export function readText(path: string): string | null {
  const bytes = readBytes(path);
  return bytes === null ? null : decoder.decode(bytes);
}

/**
 * The names in a directory, in the kernel's order, or null if it does not exist. Throws a {@link SysError} if it is not
 * a directory.
 */
export function readNames(path: string): string[] | null {
  const fd = openToRead(path);
  if (fd === null) return null;
  const { symbols, errno } = libc();
  const names: string[] = [];
  const length = BigInt(BUFFER_BYTES);
  for (;;) {
    const got = symbols.getdents64(fd, buffer, length);
    const error = errno[0]!;
    if (got > 0) {
      takeNames(names, got);
      continue;
    }
    symbols.close(fd);
    if (got === 0) return names;
    // Removed in the meantime.
    if (error === ENOENT) return null;
    throw new SysError(`getdents64 ${path}`, error);
  }
}

/** Adds the names that the kernel has written to the buffer. */
function takeNames(names: string[], end: number): void {
  for (let at = 0; at < end; at += view.getUint16(at + DIRENT.reclen, true)) {
    const start = at + DIRENT.name;
    const name = decoder.decode(buffer.subarray(start, buffer.indexOf(0, start)));
    if (name !== "." && name !== "..") names.push(name);
  }
}

/** The target of a symbolic link. Null if the path does not exist or is not a link. */
export function readLinkText(path: string): string | null {
  const { symbols, errno } = libc();
  const bytes = toBytes(path);
  const length = BigInt(PATH_BYTES);
  const got = symbols.readlink(bytes, buffer, length);
  const error = errno[0]!;
  if (got >= 0) return decoder.decode(buffer.subarray(0, got));
  if (error === EINVAL) return null;
  return absent(`readlink ${path}`, error);
}

/** The status of a path, or null if it does not exist. Without `follow`, the status of the link itself. */
export function readStatus(path: string, { follow }: { follow: boolean }): FileStatus | null {
  const { symbols, errno } = libc();
  const bytes = toBytes(path);
  const flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
  const got = symbols.statx(AT_FDCWD, bytes, flags, STATX_BASIC_STATS, buffer);
  const error = errno[0]!;
  if (got < 0) return absent(`statx ${path}`, error);
  return {
    ino: String(view.getBigUint64(STATX.ino, true)),
    isFile: (view.getUint16(STATX.mode, true) & S_IFMT) === S_IFREG,
    size: Number(view.getBigUint64(STATX.size, true)),
    mtimeMs: millisecondsAt(STATX.mtime),
    ctimeMs: millisecondsAt(STATX.ctime),
  };
}

/** A `struct statx_timestamp` that the kernel has written to the buffer. */
function millisecondsAt(at: number): number {
  return Number(view.getBigInt64(at, true)) * 1000 + Math.floor(view.getUint32(at + 8, true) / 1e6);
}

function openToRead(path: string): number | null {
  const { symbols, errno } = libc();
  const bytes = toBytes(path);
  const fd = symbols.open(bytes, O_RDONLY | O_CLOEXEC, 0);
  const error = errno[0]!;
  return fd >= 0 ? fd : absent(`open ${path}`, error);
}

/** ENOENT and ENOTDIR mean that nothing exists there. Throws anything else. */
function absent(call: string, error: number): null {
  if (error === ENOENT || error === ENOTDIR) return null;
  throw new SysError(call, error);
}

/** A path as a C string, valid until the next call. Throws if the kernel could not take the path. */
function toBytes(path: string): Uint8Array<ArrayBuffer> {
  if (path.includes("\0")) throw new SysError(`open ${path}`, EINVAL);
  const { read, written } = encoder.encodeInto(path, pathBytes);
  if (read < path.length || written === PATH_BYTES) {
    throw new SysError(`open ${path}`, ENAMETOOLONG);
  }
  pathBytes[written] = 0;
  return pathBytes;
}
