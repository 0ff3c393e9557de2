import type { Bytes } from "../../../ffi/syscalls.ts";
import type { Argument } from "./argument.ts";
import { refuse } from "./refusal.ts";

/** An open file with the operations of its kind. Calls that it lacks are refused. */
export interface OpenFile {
  /** Its name in `/proc/<pid>/fd`: `/dev/vfio/12`, `anon_inode:[vfio-device]`. */
  readonly name: string;
  ioctl(request: number, argument: Argument): number;
  read?(buffer: Bytes): number;
  write?(buffer: Bytes): number;
  pread?(buffer: Bytes, offset: bigint): number;
  pwrite?(buffer: Bytes, offset: bigint): number;
  /** Called once, on close. */
  release(): void;
}

/** The descriptor table of the simulated process. */
export interface Descriptors {
  readonly size: number;
  /** Returns the lowest free number, starting at 3. */
  install(file: OpenFile): number;
  /** Refuses a closed number with EBADF. */
  get(fd: number): OpenFile;
  /** Removes a number from the table. The caller releases its file. */
  remove(fd: number): OpenFile;
}

/** An empty table. The numbers of standard input, output and error are reserved. */
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
