/**
 * Scans a planted host PASSES times. Prints the duration of each scan and the result of the last one.
 *
 *   take_scan SYS DEV PROC PASSES [PLAN]
 *
 * With PLAN, it first scans once and writes each call to PLAN for scan.c, without repetitions: one line with a letter and
 * a path.
 */
import { openAccess } from "../../src/access/mod.ts";
import { makeRulesReader } from "../../src/config/mod.ts";
import { noObservations } from "../../src/state/mod.ts";
import { openWorker } from "../../src/children/mod.ts";
import { takeSnapshot, type World } from "../../src/view/mod.ts";
import { readProcessorMs } from "./processor.ts";

/** The output of this program, as JSON. */
export interface Scanned {
  passesMs: number[];
  /** The processor time of each pass. */
  processorMs: number[];
  devices: number;
  types: number;
  problems: string[];
  /** The calls of the recorded scan, including repetitions, and the number of different ones that found something. */
  calls: number;
  found: number;
}

/** The letters in a plan for calls of the runtime and for calls of libc that take a path. */
const LETTERS: Readonly<Record<string, string>> = {
  readTextFileSync: "f",
  openSync: "f",
  readDirSync: "d",
  readLinkSync: "l",
  realPathSync: "p",
  statSync: "s",
  lstatSync: "i",
  readlink: "l",
};
const AT_SYMLINK_NOFOLLOW = 0x100;

const [sys, dev, proc, passes, plan] = Deno.args as [string, string, string, string, string?];
const roots = { sys, dev, proc };
const worker = openWorker([], { deadlineMs: 1_000 });
const world: World = {
  roots,
  stateDirectory: null,
  access: openAccess({ roots, stateDirectory: null, worker }),
  readRules: makeRulesReader([]),
  readFacts: () => ({ facts: [], problems: [] }),
  readSoftware: () => Promise.resolve({ qemu: null, libvirt: null }),
  now: () => new Date(),
};
const observations = noObservations(null);

const noted = new Map<string, boolean>();
const withoutLetter = new Set<string>();
let calls = 0;
let snapshot = null;
if (plan !== undefined) {
  const write = Deno.writeTextFileSync;
  const stop = noteCalls();
  snapshot = await takeSnapshot(world, { observations });
  stop();
  if (withoutLetter.size > 0) {
    throw new Error(`Cannot note ${[...withoutLetter].join(", ")}: it has no letter`);
  }
  write(plan, [...noted.keys(), ""].join("\n"));
}

const passesMs: number[] = [];
const processorMs: number[] = [];
for (let pass = 0; pass < Number(passes); pass++) {
  const start = performance.now();
  const used = readProcessorMs(Deno.pid);
  snapshot = await takeSnapshot(world, { observations });
  passesMs.push(performance.now() - start);
  processorMs.push(readProcessorMs(Deno.pid) - used);
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

/** Wraps every file function of Deno and libc, to miss none. Returns a function that removes the wrappers. */
function noteCalls(): () => void {
  let isOn = true;
  const functions = Deno as unknown as Record<string, FileFunction>;
  for (const sync of Object.keys(functions).filter((name) => name.endsWith("Sync"))) {
    for (const name of [sync, sync.slice(0, -"Sync".length)]) {
      const inner = functions[name];
      if (inner === undefined) continue;
      functions[name] = (path, ...rest) =>
        isOn
          ? note({ name, path: String(path), call: () => inner(path, ...rest) })
          : inner(path, ...rest);
    }
  }
  const { dlopen } = Deno;
  functions.dlopen = (path, wanted) => {
    const library = dlopen(path as string, wanted as Deno.ForeignLibraryInterface);
    const symbols = noteSymbols(library.symbols as Record<string, FileFunction>, () => isOn);
    return { ...library, symbols };
  };
  return () => isOn = false;
}

type FileFunction = (...rest: unknown[]) => unknown;

/** Records the calls of libc that take a path. The call after an open shows what the open is for. */
function noteSymbols(symbols: Record<string, FileFunction>, isOn: () => boolean) {
  let openedPath = "";
  const failed = (result: unknown) => Number(result) < 0;
  const noteAs = (name: string, path: string, call: () => unknown) =>
    isOn() ? note({ name, path, call, failed }) : call();
  return {
    ...symbols,
    open: (path: unknown, ...rest: unknown[]) => {
      openedPath = toText(path);
      const fd = symbols.open!(path, ...rest);
      return failed(fd) ? noteAs("readTextFileSync", openedPath, () => fd) : fd;
    },
    read: (...all: unknown[]) => {
      const call = () => symbols.read!(...all);
      const path = openedPath;
      openedPath = "";
      return path === "" ? call() : noteAs("readTextFileSync", path, call);
    },
    getdents64: (...all: unknown[]) => {
      const call = () => symbols.getdents64!(...all);
      const path = openedPath;
      openedPath = "";
      return path === "" ? call() : noteAs("readDirSync", path, call);
    },
    readlink: (path: unknown, ...rest: unknown[]) =>
      noteAs("readlink", toText(path), () => symbols.readlink!(path, ...rest)),
    statx: (at: unknown, path: unknown, flags: unknown, ...rest: unknown[]) => {
      const name = Number(flags) & AT_SYMLINK_NOFOLLOW ? "lstatSync" : "statSync";
      return noteAs(name, toText(path), () => symbols.statx!(at, path, flags, ...rest));
    },
  };
}

function toText(path: unknown): string {
  const bytes = path as Uint8Array;
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}

function note<T>(
  { name, path, call, failed = () => false }: {
    name: string;
    path: string;
    call: () => T;
    failed?: (answer: T) => boolean;
  },
): T {
  if (LETTERS[name] === undefined) withoutLetter.add(name);
  const line = `${LETTERS[name]} ${path}`;
  calls++;
  noted.set(line, false);
  const answer = call();
  noted.set(line, !failed(answer));
  return answer;
}
