import { Failure } from "../../documents/mod.ts";
import { listDirectory, parseNumber, readAttribute } from "../attribute.ts";
import { compareText } from "../vfio_devices.ts";

/** One declared fact. A set is an array of text, each once, in the order of code units; null is "not told". */
export type Fact = string | number | boolean | readonly string[] | null;

/** Declared facts by name. A name that is missing does not apply; one that is null cannot be told now. */
export type Facts = Readonly<Record<string, Fact>>;

/** The text of an attribute without the space around it; null where it is absent, empty or refused. */
export function readText(path: string): string | null {
  return unlessRefused(() => readAttribute(path))?.trim() || null;
}

/** The whole number in an attribute; null where it is absent, holds none or is refused. */
export function readCount(path: string): number | null {
  return parseNumber(readText(path));
}

/** Whether an attribute holds something else than 0; null where it is absent, empty or refused. */
export function readFlag(path: string): boolean | null {
  const text = readText(path);
  return text === null ? null : text !== "0";
}

/** The words of an attribute as a set, none where it is empty; null where it is absent or refused. */
export function readSet(path: string, between: RegExp = /\s+/): readonly string[] | null {
  const text = unlessRefused(() => readAttribute(path)) ?? null;
  return text === null ? null : toSet(text.split(between).map((word) => word.trim()));
}

/** Texts as the set that a fact holds: each once, in the order of code units, without empty ones. */
export function toSet(texts: Iterable<string>): readonly string[] {
  return [...new Set(texts)].filter((text) => text !== "").sort(compareText);
}

/** The names in a directory, none where it is absent or refused. */
export function listNames(path: string): string[] {
  return unlessRefused(() => listDirectory(path)) ?? [];
}

/**
 * What a read gives, null where the kernel refused it: one attribute that cannot be read is one fact that
 * is not told, and hides neither the others nor the device.
 */
export function unlessRefused<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}
