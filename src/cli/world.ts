import { join } from "@std/path";
import type { Syscalls } from "../../ffi/syscalls.ts";
import {
  FACTS_DIRECTORIES,
  makeRulesReader,
  readOperatorFacts,
  RULES_DIRECTORIES,
} from "../config/mod.ts";
import { makeSoftwareReader, type World } from "../view/mod.ts";
import type { WorkerWorld } from "../worker/mod.ts";
import { connectAccess, openAccess } from "../access/mod.ts";
import { openWorker } from "../children/mod.ts";
import { type HostRoots, THIS_HOST } from "../host/mod.ts";
import type { Parsed } from "./command.ts";
import { deadlineMs, text } from "./options.ts";

/**
 * Opens the world that the options describe: this host, another root, or a simulated host. A simulated host is created
 * in a temporary directory, which is deleted with the world. `program` is the command line of this program, to which
 * `worker` and its options are added.
 */
export async function openWorld(
  parsed: Parsed,
  program: readonly string[],
): Promise<World & AsyncDisposable> {
  const name = text(parsed, "simulate");
  const planted = name !== null && text(parsed, "sysfs") === null;
  const directory = planted ? Deno.makeTempDirSync({ prefix: "vfio-ask-" }) : null;
  let roots = rootsOf(parsed);
  if (directory !== null) {
    // Loaded on demand: the simulator is a third of the program and would slow down every start.
    const { plantHost, SCENARIOS } = await import("../simulator/mod.ts");
    roots = plantHost(SCENARIOS[name!]!, directory);
  }
  const stateDirectory = directory === null || text(parsed, "state") !== null
    ? stateOf(parsed)
    : join(directory, "state");
  const options = Object.entries({
    sysfs: roots.sys,
    dev: roots.dev,
    proc: roots.proc,
    state: stateDirectory,
    ...(name === null ? {} : { simulate: name }),
  }).flatMap(([option, value]) => [`--${option}`, value]);
  const command = [...program, "worker", ...options];
  const service = text(parsed, "worker");
  const access = service === null
    ? openAccess({
      roots,
      stateDirectory,
      worker: openWorker(command, { deadlineMs: deadlineMs(parsed) }),
    })
    : connectAccess(service, { deadlineMs: deadlineMs(parsed) });
  // A simulated host has no rules and facts of this machine.
  const directories = (option: string, defaults: readonly string[]) =>
    text(parsed, option)?.split(":").filter((path) => path !== "") ?? (planted ? [] : defaults);
  return {
    roots,
    stateDirectory,
    access,
    // The software on this machine does not describe a mounted or simulated host.
    readSoftware: roots.sys === THIS_HOST.sys
      ? makeSoftwareReader(stateDirectory)
      : () => Promise.resolve({ qemu: null, libvirt: null }),
    readRules: makeRulesReader(directories("rules", RULES_DIRECTORIES)),
    readFacts: () => readOperatorFacts(directories("facts", FACTS_DIRECTORIES)),
    now: () => new Date(),
    async [Symbol.asyncDispose]() {
      await access[Symbol.asyncDispose]();
      if (directory !== null) Deno.removeSync(directory, { recursive: true });
    },
  };
}

/** Opens the world of the worker: libc, loaded once, or a simulated host that the parent process has created. */
export async function openWorkerWorld(
  parsed: Parsed,
  openLibc: () => Syscalls,
): Promise<WorkerWorld> {
  const name = text(parsed, "simulate");
  const roots = rootsOf(parsed);
  let syscalls: Syscalls | null = null;
  if (name !== null) {
    // All tasks share one kernel, so that a created mdev exists when it is opened.
    const { SCENARIOS, simulateSyscalls } = await import("../simulator/mod.ts");
    syscalls = simulateSyscalls(SCENARIOS[name]!, roots);
  }
  return {
    roots,
    stateDirectory: stateOf(parsed),
    syscalls: () => syscalls ??= openLibc(),
    now: () => new Date(),
  };
}

function rootsOf(parsed: Parsed): HostRoots {
  return {
    sys: text(parsed, "sysfs") ?? THIS_HOST.sys,
    dev: text(parsed, "dev") ?? THIS_HOST.dev,
    proc: text(parsed, "proc") ?? THIS_HOST.proc,
  };
}

/** The state directory, from the option or the service manager. */
function stateOf(parsed: Parsed): string {
  return text(parsed, "state") ?? Deno.env.get("STATE_DIRECTORY")?.split(":")[0] ??
    "/var/lib/vfio-ask";
}
