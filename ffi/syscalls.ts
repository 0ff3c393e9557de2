/**
 * The narrow waist: every system call that this program makes on a VFIO device, makes and removes an mdev by, or asks
 * devlink by, goes through it.
 *
 * libc ({@link openLibc}) and the simulator are its two implementations. It speaks bytes, so that
 * what stands above is tested down to the encoding, and there is nothing to mock above it.
 */
export interface Syscalls {
  /** Opens a path; `O_CLOEXEC` is always added. Gives a descriptor, throws {@link SysError}. */
  open(path: string, flags: number): number;
  /** Makes a socket; `SOCK_CLOEXEC` is always added. Gives a descriptor, throws {@link SysError}. */
  socket(domain: number, type: number, protocol: number): number;
  /** Closes a descriptor. An error is thrown, the descriptor is gone all the same. */
  close(fd: number): void;
  /**
   * One ioctl. `arg` is a struct that the kernel reads and writes in place, a number passed by value,
   * or nothing (0). Gives the call's result, which some requests use (`VFIO_CHECK_EXTENSION`).
   */
  ioctl(fd: number, request: number, arg?: Bytes | number): number;
  /** Reads at most the buffer's length from the descriptor's position; 0 at the end. */
  read(fd: number, buffer: Bytes): number;
  /** Writes the buffer; gives how many bytes were taken, which may be fewer. */
  write(fd: number, buffer: Bytes): number;
  /** Reads at an offset. */
  pread(fd: number, buffer: Bytes, offset: bigint): number;
  /** Writes at an offset. */
  pwrite(fd: number, buffer: Bytes, offset: bigint): number;
  /**
   * The address of a buffer, for structs that carry pointers. Good for as long as the caller keeps the
   * buffer itself.
   */
  addressOf(buffer: Bytes): bigint;
}

/** Bytes that a system call may be handed: backed by a buffer of its own, not shared. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Flags of open(2). Source: `<asm-generic/fcntl.h>`, alike on x86-64 and aarch64. */
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CLOEXEC = 0o2000000;

/** Of socket(2). Source: `<bits/socket_type.h>`, alike on x86-64 and aarch64. */
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
