import type { Scenario } from "../scenario.ts";
import type { Tree } from "./tree.ts";

/** `/proc`: the host's name and kernel, and each process with its open files. */
export function plantProcesses(proc: Tree, { host, processes }: Scenario): void {
  proc.attribute("sys/kernel/hostname", host.name);
  proc.attribute("sys/kernel/osrelease", host.kernel);
  proc.attribute("sys/kernel/random/boot_id", host.bootId);
  for (const { pid, comm, files } of processes) {
    proc.attribute(`${pid}/comm`, comm);
    proc.directory(`${pid}/fd`);
    files.forEach((file, fd) => proc.linkText(`${pid}/fd/${fd}`, file));
  }
}
