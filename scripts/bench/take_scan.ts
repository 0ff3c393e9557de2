/**
 * Scans a planted host as often as told, and prints how long each scan took and what the last one found.
 *
 *   take_scan SYS DEV PROC PASSES [PLAN]
 *
 * With PLAN it scans once more and writes there, for scan.c, each call that it made, once: a letter and a
 * path a line.
 */
import {
  makeRulesReader,
  noObservations,
  openWorker,
  takeSnapshot,
  type World,
} from "../../src/agent/mod.ts";
import { readProcessorMs } from "./processor.ts";

/** What this program prints, as JSON. */
export interface Scanned {
  passesMs: number[];
  /** The processor time of each pass. */
  processorMs: number[];
  devices: number;
  types: number;
  problems: string[];
  /** Calls of the scan that was noted, repetitions included, and how many different ones found something. */
  calls: number;
  found: number;
}

/** How the calls are written in a plan. */
const LETTERS: Readonly<Record<string, string>> = {
  readTextFileSync: "f",
  openSync: "f",
  readDirSync: "d",
  readLinkSync: "l",
  realPathSync: "p",
  statSync: "s",
  lstatSync: "i",
};

const [sys, dev, proc, passes, plan] = Deno.args as [string, string, string, string, string?];
const world: World = {
  roots: { sys, dev, proc },
  stateDirectory: null,
  openSyscalls: () => {
    throw new Error("Cannot make system calls: a scan opens no device");
  },
  worker: openWorker([], { deadlineMs: 1_000 }),
  readRules: makeRulesReader([]),
  readFacts: () => ({ facts: [], problems: [] }),
  readSoftware: () => Promise.resolve({ qemu: null, libvirt: null }),
  now: () => new Date(),
};
const observations = noObservations(null);

const passesMs: number[] = [];
const processorMs: number[] = [];
let snapshot = null;
for (let pass = 0; pass < Number(passes); pass++) {
  const start = performance.now();
  const used = readProcessorMs(Deno.pid);
  snapshot = await takeSnapshot(world, { observations });
  passesMs.push(performance.now() - start);
  processorMs.push(readProcessorMs(Deno.pid) - used);
}

const noted = new Map<string, boolean>();
const withoutLetter = new Set<string>();
let calls = 0;
if (plan !== undefined) {
  const write = Deno.writeTextFileSync;
  noteCalls();
  snapshot = await takeSnapshot(world, { observations });
  if (withoutLetter.size > 0) {
    throw new Error(`Cannot note ${[...withoutLetter].join(", ")}: no letter stands for it`);
  }
  write(plan, [...noted.keys(), ""].join("\n"));
}

const scanned: Scanned = {
  passesMs,
  processorMs,
  devices: snapshot?.devices.length ?? 0,
  types: snapshot?.types.length ?? 0,
  problems: snapshot?.problems.map(({ sentence }) => sentence) ?? [],
  calls,
  found: [...noted.values()].filter((found) => found).length,
};
console.log(JSON.stringify(scanned));

/** Stands in front of every file function that Deno has, so that none is missed. */
function noteCalls(): void {
  const functions = Deno as unknown as Record<string, FileFunction>;
  for (const sync of Object.keys(functions).filter((name) => name.endsWith("Sync"))) {
    for (const name of [sync, sync.slice(0, -"Sync".length)]) {
      const inner = functions[name];
      if (inner === undefined) continue;
      functions[name] = (path, ...rest) => note(name, path, () => inner(path, ...rest));
    }
  }
}

type FileFunction = (path: string, ...rest: unknown[]) => unknown;

function note<T>(name: string, path: string, call: () => T): T {
  if (LETTERS[name] === undefined) withoutLetter.add(name);
  const line = `${LETTERS[name]} ${path}`;
  calls++;
  noted.set(line, false);
  const answer = call();
  noted.set(line, true);
  return answer;
}
