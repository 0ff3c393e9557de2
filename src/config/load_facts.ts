import { join } from "@std/path";
import {
  compareText,
  type Device,
  type DeviceType,
  type DocumentKind,
  FACTS_SCHEMA,
  type OperatorFact,
  OperatorFacts,
  type Problem,
  readAs,
  readDocument,
} from "../documents/mod.ts";
import { countWildcards, matchType, MAX_WILDCARDS } from "../judge/rules/mod.ts";
import { readNames } from "../../ffi/files.ts";
import { readText } from "./read_text.ts";

/** The directories in which operators declare facts. */
export const FACTS_DIRECTORIES = ["/etc/vfio-ask/facts.d"] as const;

const FACTS_DOCUMENT: DocumentKind<OperatorFacts> = {
  name: "facts",
  schema: FACTS_SCHEMA,
  read: (document, base) => readAs(OperatorFacts, document, base),
  remedy: "Correct the file; the README of the rules shows how facts are declared.",
};

/** The facts that operators declare, in order of the file names, and a problem for each file that cannot be used. */
export interface OperatorFactsRead {
  facts: OperatorFact[];
  problems: Problem[];
}

/**
 * Reads the facts that operators declare: files `*.json` in all directories. Invalid files are ignored and reported.
 *
 * Source: {@link FACTS_DIRECTORIES}. Effect: none. Never throws.
 */
export function readOperatorFacts(
  directories: readonly string[] = FACTS_DIRECTORIES,
): OperatorFactsRead {
  const read: OperatorFactsRead = { facts: [], problems: [] };
  for (const path of directories.flatMap(listFiles)) {
    try {
      read.facts.push(...readFile(path).facts);
    } catch (error) {
      read.problems.push({
        code: "facts-refused",
        subject: path,
        sentence: `Cannot use the facts in ${path}: ${(error as Error).message}`,
        remedy: FACTS_DOCUMENT.remedy,
      });
    }
  }
  return read;
}

/** The properties that declared facts are matched with. */
export interface FactsOf {
  device: string | null;
  /** The parent, and the parent of the parent. */
  parents: readonly (string | null)[];
  driver: string | null;
  type: string;
}

/** The properties of a device or a type. The parent of a vGPU type is a function, which has a parent too. */
export function factsOf(
  entry: Device | DeviceType,
  parentOf: ReadonlyMap<string, string | null>,
): FactsOf {
  const { parent, type, driver, parentDriver } = entry;
  return {
    device: "id" in entry ? entry.id as string : null,
    parents: [parent, parentOf.get(parent ?? "") ?? null],
    driver: (driver ?? parentDriver)?.name ?? null,
    type,
  };
}

/** Adds declared facts that the host does not have itself. The first matching declaration of a fact counts. Pure. */
export function withOperatorFacts(
  facts: Readonly<Record<string, unknown>>,
  declared: readonly OperatorFact[],
  { device, parents, driver, type }: FactsOf,
): Record<string, unknown> {
  const fits = (pattern: string | undefined, texts: readonly (string | null)[]) =>
    pattern === undefined ||
    texts.some((text) => text !== null && matchType(pattern, text) !== null);
  const all: Record<string, unknown> = { ...facts };
  for (const { for: of, set } of declared) {
    const holds = fits(of.device, [device]) && fits(of.parent, parents) &&
      fits(of.driver, [driver]) && fits(of.type, [type]);
    for (const [name, value] of holds ? Object.entries(set) : []) all[name] ??= value;
  }
  return all;
}

function listFiles(directory: string): string[] {
  try {
    return (readNames(directory) ?? []).filter((name) => name.endsWith(".json")).sort(compareText)
      .map((name) => join(directory, name));
  } catch {
    // Reading the directory as a file reports the problem.
    return [directory];
  }
}

function readFile(path: string): OperatorFacts {
  const facts = readDocument(FACTS_DOCUMENT, JSON.parse(readText(path)));
  for (const [index, { for: of }] of facts.facts.entries()) {
    const key = Object.keys(of).find((name) =>
      countWildcards(of[name as keyof typeof of]!) > MAX_WILDCARDS
    );
    if (key !== undefined) {
      throw new Error(`/facts/${index}/for/${key}: more than ${MAX_WILDCARDS} wildcards`);
    }
  }
  return facts;
}
