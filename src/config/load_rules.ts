import { join } from "@std/path";
import { compareText, type Problem, type RulesFile } from "../documents/mod.ts";
import { parseRules, type RulesError, shippedRules } from "../judge/rules/mod.ts";
import { readNames } from "../../ffi/files.ts";
import { errnoOf } from "../host/mod.ts";
import { readText } from "./read_text.ts";

/** The directories of rules: the operator's before the packages'. The rules shipped with the program come last. */
export const RULES_DIRECTORIES = ["/etc/vfio-ask/rules.d", "/usr/share/vfio-ask/rules.d"] as const;

/**
 * The state of a rules file. `in-force`; `masked` by a file of the same name in an earlier directory; `masks`: an empty
 * file that only masks others; `refused` because of its errors.
 */
export interface RulesFileState {
  name: string;
  path: string;
  state: "in-force" | "masked" | "masks" | "refused";
  vendor: string | null;
  /** The number of rules; 0 if the file is not in force. */
  rules: number;
  errors: RulesError[];
}

/** All rules files, in the order in which their rules apply. */
export interface RulesState {
  files: RulesFileState[];
  inForce: RulesFile[];
}

interface Read {
  stamp: string;
  file: RulesFileState;
  rules: RulesFile | null;
}

/**
 * Makes a reader of rules. Later calls read only the files that have changed.
 *
 * Reads files `*.json` of all directories in order of their names. If two files have the same name, the one in the
 * earlier directory wins. An empty file (or a link to `/dev/null`) masks files of its name. Invalid files are ignored
 * and reported. Source: {@link RULES_DIRECTORIES}. Effect: none.
 */
export function makeRulesReader(
  directories: readonly string[] = RULES_DIRECTORIES,
): () => RulesState {
  let known = new Map<string, Read>();
  let last: RulesState | undefined;
  return () => {
    const seen = new Map<string, Read>();
    const found = directories.flatMap((directory) => listRules(directory)).map((file) => {
      const { path } = file;
      const before = known.get(path);
      const read = before !== undefined && before.stamp === file.stamp ? before : readRules(file);
      seen.set(path, read);
      return read;
    });
    const unchanged = last !== undefined && seen.size === known.size &&
      [...seen].every(([path, read]) => known.get(path) === read);
    known = seen;
    if (unchanged) return last!;
    last = arrange([...found, ...shippedRules().map(ofShipped)]);
    return last;
  };
}

/** The refused files, as problems of the host. */
export function rulesProblems({ files }: RulesState): Problem[] {
  return files.filter(({ state }) => state === "refused").map(({ path, errors: [first] }) => ({
    code: "rules-refused",
    subject: path,
    sentence: `Cannot use the rules in ${path}: ${first!.path || "the file"}: ${first!.reason}`,
    remedy: `Run vfio-ask rules check ${path}.`,
  }));
}

/** Reads one rules file of any name, as {@link makeRulesReader} does. */
export function readRulesFile(path: string): RulesFileState {
  return readRules({ path, name: path.slice(path.lastIndexOf("/") + 1), stamp: "" }).file;
}

/** Sorts files by name. The first valid file of a name is used. */
function arrange(all: readonly Read[]): RulesState {
  const order = (a: Read, b: Read) => compareText(a.file.name, b.file.name);
  const taken = new Set<string>();
  const files: RulesFileState[] = [];
  const inForce: RulesFile[] = [];
  for (const { file, rules } of all.toSorted(order)) {
    if (file.state === "refused") {
      files.push(file);
    } else if (taken.has(file.name)) {
      files.push({ ...file, state: "masked", rules: 0 });
    } else {
      taken.add(file.name);
      files.push(file);
      if (rules !== null) inForce.push(rules);
    }
  }
  return { files, inForce };
}

function ofShipped(rules: RulesFile): Read {
  const { name, path, document } = rules;
  return { stamp: "", rules, file: stateOf(name, path, document) };
}

function stateOf(name: string, path: string, document: RulesFile["document"]): RulesFileState {
  const { vendor, rules } = document;
  return { name, path, state: "in-force", vendor, rules: rules.length, errors: [] };
}

/** A file in a directory of rules. The stamp changes when the file changes. */
interface Listed {
  name: string;
  path: string;
  stamp: string;
}

function listRules(directory: string): Listed[] {
  let names: string[];
  try {
    names = readNames(directory) ?? [];
  } catch (error) {
    return [{ name: "", path: directory, stamp: `cannot be listed: ${errnoOf(error)}` }];
  }
  return names.filter((name) => name.endsWith(".json")).map((name) => {
    const path = join(directory, name);
    return { name, path, stamp: stampOf(path) };
  });
}

function stampOf(path: string): string {
  try {
    const { mtime, ctime, size, ino } = Deno.statSync(path);
    return JSON.stringify([mtime?.getTime(), ctime?.getTime(), size, ino]);
  } catch {
    // Reading the file reports the error.
    return "";
  }
}

function readRules({ name, path, stamp }: Listed): Read {
  const refused = (errors: RulesError[]): Read => ({
    stamp,
    rules: null,
    file: { name, path, state: "refused", vendor: null, rules: 0, errors },
  });
  if (name === "") return refused([{ path: "", reason: stamp }]);
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    return refused([{ path: "", reason: (error as Error).message }]);
  }
  if (text.trim() === "") {
    const file = { name, path, state: "masks", vendor: null, rules: 0, errors: [] } as const;
    return { stamp, rules: null, file: { ...file, errors: [] } };
  }
  const { document, errors } = parseRules(text);
  if (errors !== undefined) return refused(errors);
  return { stamp, rules: { name, path, document }, file: stateOf(name, path, document) };
}
