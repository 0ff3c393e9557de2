import { join } from "@std/path";
import type { HostRoots } from "../../host/roots.ts";
import type { Scenario } from "../scenario.ts";
import { plantDevice } from "./plant_device.ts";
import { plantDrivers } from "./plant_drivers.ts";
import { plantGroups } from "./plant_groups.ts";
import { plantNodes } from "./plant_nodes.ts";
import { Tree } from "./tree.ts";

/**
 * Plants a scenario's `/sys`, `/dev` and `/proc` in a directory, with real files and links, and returns their paths.
 * Effect: creates files. The caller removes the directory.
 *
 * ```ts
 * import { plantHost, SCENARIOS, simulateSyscalls } from "../mod.ts";
 *
 * const roots = plantHost(SCENARIOS["gpu-host"]!, Deno.makeTempDirSync());
 * const sys = simulateSyscalls(SCENARIOS["gpu-host"]!, roots);
 * sys.close(sys.open("/dev/vfio/vfio", 0));
 * ```
 */
export function plantHost(scenario: Scenario, directory: string): HostRoots {
  const roots: HostRoots = {
    sys: join(directory, "sys"),
    dev: join(directory, "dev"),
    proc: join(directory, "proc"),
  };
  const sys = new Tree(roots.sys);
  plantDrivers(sys, scenario);
  for (const device of scenario.devices) plantDevice(sys, scenario, device);
  plantGroups(sys, scenario);
  plantNodes(new Tree(roots.dev), scenario);
  plantProcesses(new Tree(roots.proc), scenario);
  return roots;
}

/** `/proc`: the host's name and kernel, and each process with its open files. */
function plantProcesses(proc: Tree, { host, processes }: Scenario): void {
  proc.attribute("sys/kernel/hostname", host.name);
  proc.attribute("sys/kernel/osrelease", host.kernel);
  proc.attribute("sys/kernel/random/boot_id", host.bootId);
  for (const { pid, comm, files, args = [] } of processes) {
    proc.attribute(`${pid}/comm`, comm);
    const line = args.map((text) => `${text}\0`).join("");
    if (line !== "") proc.bytes(`${pid}/cmdline`, new TextEncoder().encode(line));
    proc.directory(`${pid}/fd`);
    files.forEach((file, fd) => proc.linkText(`${pid}/fd/${fd}`, file));
  }
}
