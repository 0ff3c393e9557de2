import { compareText, Failure } from "../../documents/mod.ts";
import { listDirectory, parseNumber, readAttribute } from "../attribute.ts";

/** One declared fact. A set is an array of unique texts, ordered by code unit. Null means "not reported". */
export type Fact = string | number | boolean | readonly string[] | null;

/** Declared facts by name. A missing name does not apply. A null value is currently unknown. */
export type Facts = Readonly<Record<string, Fact>>;

/** The trimmed text of an attribute. Null if it is absent, empty or refused. */
export function readText(path: string): string | null {
  return unlessRefused(() => readAttribute(path))?.trim() || null;
}

/** The whole number in an attribute. Null if it is absent, refused or not a number. */
export function readCount(path: string): number | null {
  return parseNumber(readText(path));
}

/** Whether an attribute is not 0. Null if it is absent, empty or refused. */
export function readFlag(path: string): boolean | null {
  const text = readText(path);
  return text === null ? null : text !== "0";
}

/** The words of an attribute as a set, empty for an empty attribute. Null if it is absent or refused. */
export function readSet(path: string, between: RegExp = /\s+/): readonly string[] | null {
  const text = unlessRefused(() => readAttribute(path)) ?? null;
  return text === null ? null : toSet(text.split(between).map((word) => word.trim()));
}

/** Texts as the set of a fact: unique, ordered by code unit, without empty ones. */
export function toSet(texts: Iterable<string>): readonly string[] {
  return [...new Set(texts)].filter((text) => text !== "").sort(compareText);
}

/** The names in a directory, or none if it is absent or refused. */
export function listNames(path: string): string[] {
  return unlessRefused(() => listDirectory(path)) ?? [];
}

/**
 * The result of a read, or null if the kernel refused it. One unreadable attribute costs only its own fact, not the
 * others or the device.
 */
export function unlessRefused<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}
