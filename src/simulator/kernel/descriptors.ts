import type { Kernel, OpenFile } from "./kernel.ts";
import { refuse } from "./refusal.ts";

/** Gives a file the lowest free descriptor. 0 to 2 are standard input, output and error. */
export function install({ files }: Kernel, file: OpenFile): number {
  let fd = 3;
  while (files.has(fd)) fd++;
  files.set(fd, file);
  return fd;
}

/** The file of a descriptor. Refuses a closed one with EBADF. */
export function fileOf({ files }: Kernel, fd: number): OpenFile {
  return files.get(fd) ?? refuse("EBADF");
}
