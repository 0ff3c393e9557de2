import { join } from "@std/path";
import { readNames } from "../../ffi/files.ts";
import {
  checkSchema,
  compareText,
  CONFIG_SCHEMA,
  Failure,
  jsonPointer,
  shorten,
  shown,
} from "../documents/mod.ts";
import { errnoOf } from "../host/mod.ts";
import { readText } from "./read_text.ts";

/** The configuration file of the service. */
export const SETTINGS_FILE = "/etc/vfio-ask/config.json";

/** The JSON type of a field. `list`: an array of texts. */
export type FieldType = "text" | "number" | "boolean" | "list";

/** A field that a configuration file may have. */
export interface Field {
  /** Its name in the file: `preflightCreate`. */
  name: string;
  type: FieldType;
}

/** A value of a configuration file. */
export type SettingValue = string | number | boolean | readonly string[];

/** The value of a field, and the file that it is from. */
export interface Setting {
  value: SettingValue;
  file: string;
}

/** An error in a configuration file. */
export interface SettingsError {
  file: string;
  /** A JSON pointer; empty for the whole file. */
  pointer: string;
  /** The value there, shortened; missing if there is none. */
  value?: unknown;
  reason: string;
  remedy: string;
}

/** What the configuration files contain. */
export interface Settings {
  /** The files that were read, in their order. */
  files: string[];
  /** By name of the field. The last file that sets a field counts. */
  values: ReadonlyMap<string, Setting>;
  errors: SettingsError[];
}

/** Options of {@link readSettings}. */
export interface SettingsOptions {
  /** Ignore fields that are not in the table, for a program that uses only some of them; default false. */
  ignoreOthers?: boolean;
}

/**
 * Reads a configuration file and its drop-ins: all files `*.json` of the directory that has the file's name with `.d`
 * instead of `.json`, in order of their names. `null` resets a field to its default. Fields that begin with `x-` are
 * ignored. A missing default file is not an error. A null path reads nothing.
 *
 * Source: {@link SETTINGS_FILE}, or the file that is named. Effect: none. Never throws; `errors` lists what is wrong.
 */
export function readSettings(
  path: string | null,
  fields: readonly Field[],
  { ignoreOthers = false }: SettingsOptions = {},
): Settings {
  const values = new Map<string, Setting>();
  const files: string[] = [];
  const errors: SettingsError[] = [];
  for (const file of path === null ? [] : listFiles(path, errors)) {
    files.push(file);
    const document = readObject(file, errors);
    for (const [name, value] of Object.entries(document ?? {})) {
      if (name === "schema" || name.startsWith("x-")) continue;
      const type = fields.find((field) => field.name === name)?.type;
      const error = type === undefined
        ? ignoreOthers ? null : unknownField(name, fields)
        : wrongType(name, type, value);
      if (error !== null) {
        errors.push({ file, pointer: jsonPointer([name]), value: shorten(value), ...error });
      } else if (value === null) values.delete(name);
      else if (type !== undefined) values.set(name, { value: value as SettingValue, file });
    }
  }
  return { files, values, errors };
}

/** Throws a {@link Failure} about the first error of the settings. */
export function checkSettings({ errors: [first, ...more] }: Settings): void {
  if (first === undefined) return;
  const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
  throw new Failure("bad-input", describeSettingsError(first) + others, {
    subject: first.file,
    remedy: first.remedy,
  });
}

/** An error in one sentence: `/etc/vfio-ask/config.json: /settle is "soon": not a number of seconds`. */
export function describeSettingsError({ file, pointer, value, reason }: SettingsError): string {
  if (pointer === "") return `${file}: ${reason}`;
  return `${file}: ${pointer} is ${value === undefined ? "missing" : shown(value)}: ${reason}`;
}

/** The directory of a file's drop-ins. */
export function dropInsOf(path: string): string {
  return `${path.replace(/\.json$/, "")}.d`;
}

function listFiles(path: string, errors: SettingsError[]): string[] {
  const directory = dropInsOf(path);
  let names: readonly string[] = [];
  try {
    names = readNames(directory) ?? [];
  } catch (error) {
    const reason = `cannot be listed: ${errnoOf(error)}`;
    const remedy = "Make it a readable directory, or remove it.";
    errors.push({ file: directory, pointer: "", reason, remedy });
  }
  const dropIns = names.filter((name) => name.endsWith(".json")).toSorted(compareText);
  const own = path === SETTINGS_FILE && isMissing(path) ? [] : [path];
  return [...own, ...dropIns.map((name) => join(directory, name))];
}

function isMissing(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return false;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}

/** The object in a file; null, with an error, if there is none. */
function readObject(file: string, errors: SettingsError[]): Record<string, unknown> | null {
  const wrong = (reason: string, remedy: string, pointer = ""): null => {
    errors.push({ file, pointer, reason, remedy });
    return null;
  };
  let text: string;
  try {
    text = readText(file);
  } catch (error) {
    return wrong((error as Error).message, "Name a file that can be read, or remove it.");
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return wrong(`not JSON: ${(error as Error).message}`, "Correct the file.");
  }
  const expected = `{ "schema": "${CONFIG_SCHEMA}", … }`;
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    return wrong("not a JSON object", `Write ${expected}.`);
  }
  try {
    checkSchema(document, CONFIG_SCHEMA);
  } catch (error) {
    return wrong((error as Error).message, `Write ${expected}.`);
  }
  return document as Record<string, unknown>;
}

function unknownField(name: string, fields: readonly Field[]) {
  const lower = name.toLowerCase().replaceAll(/[-_]/g, "");
  const meant = fields.find((field) => field.name.toLowerCase() === lower);
  const remedy = meant === undefined
    ? `Use one of ${fields.map(({ name }) => name).join(", ")}.`
    : `Write ${meant.name}.`;
  return { reason: "unknown field", remedy };
}

/** What each type is called, and an example of it. */
const TYPES: Readonly<Record<FieldType, readonly [name: string, example: string]>> = {
  text: ["a text", '"…"'],
  number: ["a number", "10"],
  boolean: ["true or false", "true"],
  list: ["a list of texts", '["…"]'],
};

function wrongType(name: string, type: FieldType, value: unknown) {
  if (value === null || isOfType(type, value)) return null;
  const [is, example] = TYPES[type];
  return { reason: `expected ${is}`, remedy: `For example, write "${name}": ${example}.` };
}

function isOfType(type: FieldType, value: unknown): boolean {
  switch (type) {
    case "text":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "list":
      return Array.isArray(value) && value.every((item) => typeof item === "string");
  }
}
