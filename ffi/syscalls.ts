/**
 * The single seam to the kernel: every system call on a VFIO device, to create or remove an mdev, or to query devlink
 * goes through it.
 *
 * It has two implementations: libc ({@link openLibc}) and the simulator. Its interface is bytes. Code above it is
 * therefore tested down to the encoding and needs no other mock.
 */
export interface Syscalls {
  /** Opens a path. Always adds `O_CLOEXEC`. Returns a descriptor. Throws {@link SysError}. */
  open(path: string, flags: number): number;
  /** Creates a socket. Always adds `SOCK_CLOEXEC`. Returns a descriptor. Throws {@link SysError}. */
  socket(domain: number, type: number, protocol: number): number;
  /** Closes a descriptor. Throws on an error, but the descriptor is closed anyway. */
  close(fd: number): void;
  /**
   * One ioctl. `arg` is a struct that the kernel reads and writes in place, a number passed by value, or nothing (0).
   * Returns the result of the call, which some requests use (`VFIO_CHECK_EXTENSION`).
   */
  ioctl(fd: number, request: number, arg?: Bytes | number): number;
  /** Reads at most the buffer's length from the current position. Returns 0 at the end. */
  read(fd: number, buffer: Bytes): number;
  /** Writes the buffer. Returns how many bytes were written, possibly fewer. */
  write(fd: number, buffer: Bytes): number;
  /** Reads at an offset. */
  pread(fd: number, buffer: Bytes, offset: bigint): number;
  /** Writes at an offset. */
  pwrite(fd: number, buffer: Bytes, offset: bigint): number;
  /** The address of a buffer, for structs that carry pointers. Valid while the caller keeps the buffer. */
  addressOf(buffer: Bytes): bigint;
}

/** Bytes that a system call accepts: backed by their own buffer, not shared. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Flags of open(2). Source: `<asm-generic/fcntl.h>`, the same on x86-64 and aarch64. */
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CLOEXEC = 0o2000000;

/** Flags of socket(2). Source: `<bits/socket_type.h>`, the same on x86-64 and aarch64. */
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
