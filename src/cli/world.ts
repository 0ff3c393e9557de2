import { join } from "@std/path";
import type { Syscalls } from "../../ffi/syscalls.ts";
import {
  FACTS_DIRECTORIES,
  makeRulesReader,
  makeSoftwareReader,
  openWorker,
  readOperatorFacts,
  RULES_DIRECTORIES,
  type World,
} from "../agent/mod.ts";
import { type HostRoots, THIS_HOST } from "../host/mod.ts";
import type { Parsed } from "./command.ts";
import { deadlineMs, text } from "./options.ts";

/** What only the real program has. */
export interface Outside {
  /** This program's own command line, to which `worker` and its options are added. */
  program: readonly string[];
  openLibc: () => Syscalls & Disposable;
}

/**
 * The world as the options say: this host, another root, or a simulated host, which is planted in a
 * temporary directory until the world is disposed of.
 */
export async function openWorld(
  parsed: Parsed,
  { program, openLibc }: Outside,
): Promise<World & AsyncDisposable> {
  const deadline = deadlineMs(parsed);
  const name = text(parsed, "simulate");
  // Only where it is wanted: it is a third of the program, and every start would pay for it.
  const simulator = name === null ? null : await import("../simulator/mod.ts");
  const scenario = simulator === null ? null : simulator.SCENARIOS[name!]!;
  const planted = scenario !== null && text(parsed, "sysfs") === null;
  const directory = planted ? Deno.makeTempDirSync({ prefix: "vfio-ask-" }) : null;
  const roots = directory === null ? rootsOf(parsed) : simulator!.plantHost(scenario!, directory);
  const stateDirectory = text(parsed, "state") ??
    (directory !== null ? join(directory, "state") : defaultState());
  const options = Object.entries({
    sysfs: roots.sys,
    dev: roots.dev,
    proc: roots.proc,
    state: stateDirectory,
    ...(name === null ? {} : { simulate: name }),
  }).flatMap(([option, value]) => [`--${option}`, value]);
  const worker = openWorker([...program, "worker", ...options], { deadlineMs: deadline });
  // One kernel for all: an mdev that was made is there when it is opened. libc is loaded once: that takes longer than a test.
  const simulated = simulator?.simulateSyscalls(scenario!, roots) ?? null;
  let libc: (Syscalls & Disposable) | null = null;
  const syscalls = () => simulated ?? (libc ??= openLibc());
  return {
    roots,
    stateDirectory,
    openSyscalls: () => ({ ...syscalls(), [Symbol.dispose]() {} }),
    worker,
    // What is installed here says nothing of a host whose trees were moved or made up.
    readSoftware: roots.sys === THIS_HOST.sys
      ? makeSoftwareReader(stateDirectory)
      : () => Promise.resolve({ qemu: null, libvirt: null }),
    readRules: makeRulesReader(directories(parsed, "rules") ?? (planted ? [] : RULES_DIRECTORIES)),
    readFacts: () =>
      readOperatorFacts(directories(parsed, "facts") ?? (planted ? [] : FACTS_DIRECTORIES)),
    now: () => new Date(),
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      libc?.[Symbol.dispose]();
      if (directory !== null) Deno.removeSync(directory, { recursive: true });
    },
  };
}

function rootsOf(parsed: Parsed): HostRoots {
  return {
    sys: text(parsed, "sysfs") ?? THIS_HOST.sys,
    dev: text(parsed, "dev") ?? THIS_HOST.dev,
    proc: text(parsed, "proc") ?? THIS_HOST.proc,
  };
}

/** The directories that an option names, null where it was not given. */
function directories(parsed: Parsed, option: string): readonly string[] | null {
  return text(parsed, option)?.split(":").filter((directory) => directory !== "") ?? null;
}

function defaultState(): string {
  return Deno.env.get("STATE_DIRECTORY")?.split(":")[0] ?? "/var/lib/vfio-ask";
}
