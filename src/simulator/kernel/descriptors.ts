import type { Bytes } from "../../../ffi/syscalls.ts";
import type { Argument } from "./argument.ts";
import { refuse } from "./refusal.ts";

/** An open file, with the operations that its kind has; a call that it lacks is refused. */
export interface OpenFile {
  /** What it is, as `/proc/<pid>/fd` shows it: `/dev/vfio/12`, `anon_inode:[vfio-device]`. */
  readonly name: string;
  ioctl(request: number, argument: Argument): number;
  read?(buffer: Bytes): number;
  write?(buffer: Bytes): number;
  pread?(buffer: Bytes, offset: bigint): number;
  pwrite?(buffer: Bytes, offset: bigint): number;
  /** Called once, at close. */
  release(): void;
}

/** The simulated process' descriptor table. */
export interface Descriptors {
  readonly size: number;
  /** Gives the lowest free number, from 3 on. */
  install(file: OpenFile): number;
  /** Refuses a number that is not open with EBADF. */
  get(fd: number): OpenFile;
  /** Takes a number out of the table, for the caller to release its file. */
  remove(fd: number): OpenFile;
}

/** An empty table: the numbers of standard input, output and error are taken. */
export function createDescriptors(): Descriptors {
  const files = new Map<number, OpenFile>();
  const get = (fd: number) => files.get(fd) ?? refuse("EBADF");
  return {
    get size() {
      return files.size;
    },
    install(file) {
      let fd = 3;
      while (files.has(fd)) fd++;
      files.set(fd, file);
      return fd;
    },
    get,
    remove(fd) {
      const file = get(fd);
      files.delete(fd);
      return file;
    },
  };
}
