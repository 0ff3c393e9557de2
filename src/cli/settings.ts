import {
  checkSettings,
  describeSettingsError,
  type Field,
  type FieldType,
  readSettings,
  type Settings,
  SETTINGS_FILE,
  type SettingsError,
  type SettingsOptions,
  type SettingValue,
} from "../config/mod.ts";
import { Failure } from "../documents/mod.ts";
import type { Option, Parsed } from "./command.ts";
import { checkValue, text } from "./options.ts";

/** Which configuration file to read. */
export const CONFIG: Option = {
  name: "config",
  value: "FILE|none",
  help: `Configuration file (${SETTINGS_FILE})`,
};

/** Values of options that are numbers in a configuration file. */
const NUMBERS = ["SECONDS", "BYTES", "COUNT", "NUMBER"];

/** Values of options that are lists in a configuration file, with what separates them on the command line. */
const LISTS: Readonly<Record<string, string>> = { DIRS: ":", NAMES: "," };

/** A command line together with the configuration files. */
export interface Configured<T> {
  /** The options of both. The command line has priority. */
  parsed: Parsed;
  settings: Settings;
  /** What `read` made of the options. */
  value: T;
}

/** A value of a configuration file that its option does not accept. */
export class WrongSetting extends Failure {
  constructor(readonly error: SettingsError, cause: unknown) {
    const { file: subject, remedy } = error;
    super("bad-input", describeSettingsError(error), { subject, remedy, cause });
  }
}

/** The field of a configuration file for an option: `preflightCreate` for `--preflight-create`. */
export function fieldOf({ name, value, choices, many }: Option): Field {
  const on = choices?.join() === "on,off";
  const type: FieldType = value === undefined || on
    ? "boolean"
    : many === true || value in LISTS
    ? "list"
    : NUMBERS.includes(value)
    ? "number"
    : "text";
  return { name: camelCase(name), type };
}

/**
 * Adds the configuration files to a command line. `options` are the ones that files may set; `read` makes a value of
 * all of them, for example `preflightPolicy`.
 *
 * The file is the one that `--config` names, or the default file. With `--simulate`, the default is none. Effect: reads
 * files. Throws a {@link Failure} that names the option, or the file, the field, its value and a remedy.
 */
export function configure<T>(
  parsed: Parsed,
  options: readonly Option[],
  read: (parsed: Parsed) => T,
  reading: SettingsOptions = {},
): Configured<T> {
  const settings = readSettings(settingsFile(parsed), options.map(fieldOf), reading);
  checkSettings(settings);
  return { settings, ...apply(parsed, options, settings, read) };
}

/** Adds settings that were read to a command line. Throws a {@link WrongSetting}, or a {@link Failure} about an option. */
export function apply<T>(
  parsed: Parsed,
  options: readonly Option[],
  settings: Settings,
  read: (parsed: Parsed) => T,
): { parsed: Parsed; value: T } {
  const given: Record<string, Parsed["options"][string]> = {};
  try {
    for (const option of options) {
      const setting = settings.values.get(fieldOf(option).name);
      if (setting === undefined) continue;
      const value = optionValue(option, setting.value);
      for (const one of [value].flat()) checkValue(option, String(one));
      given[option.name] = value;
    }
    const merged = { ...parsed, options: { ...given, ...parsed.options } };
    return { parsed: merged, value: read(merged) };
  } catch (error) {
    const wrong = settingsError(error, parsed, options, settings);
    if (wrong === null) throw error;
    throw new WrongSetting(wrong, error);
  }
}

/** The configuration file that a command line means; null for none. */
export function settingsFile(parsed: Parsed): string | null {
  const named = text(parsed, "config");
  if (named !== null) return named === "none" ? null : named;
  return text(parsed, "simulate") === null ? SETTINGS_FILE : null;
}

/** A value of a file as the command line would have it. */
function optionValue({ name, value, many }: Option, setting: SettingValue) {
  if (Array.isArray(setting)) {
    if (many === true) return setting as string[];
    const separator = LISTS[value!]!;
    const wrong = setting.find((item) => item.includes(separator));
    if (wrong === undefined) return setting.join(separator);
    throw new Failure("bad-input", `--${name} ${setting}: ${wrong} contains "${separator}"`, {
      subject: `--${name}`,
      remedy: `Use names without "${separator}".`,
    });
  }
  if (typeof setting === "boolean") return value === undefined ? setting : setting ? "on" : "off";
  return String(setting);
}

/** The error of an option as an error of the file that set it; null if no file did. */
function settingsError(
  error: unknown,
  parsed: Parsed,
  options: readonly Option[],
  { values }: Settings,
): SettingsError | null {
  if (!(error instanceof Failure) || !error.subject.startsWith("--")) return null;
  const name = error.subject.slice(2);
  const option = options.find((candidate) => candidate.name === name);
  if (option === undefined || parsed.options[name] !== undefined) return null;
  const field = fieldOf(option).name;
  const setting = values.get(field);
  if (setting === undefined) return null;
  const { value, file } = setting;
  // The message begins with the option and its value; a field names both itself.
  const start = `--${name} ${optionText(value)}`;
  const rest = error.message.startsWith(start) ? error.message.slice(start.length) : error.message;
  const reason = inFile(rest.replace(/^:? /, ""), options);
  const remedy = inFile(error.remedy ?? "Correct the file.", options);
  return { file, pointer: `/${field}`, value, reason, remedy };
}

function optionText(value: SettingValue): string {
  return Array.isArray(value) ? value.join(",") : String(value);
}

/** A sentence about options as one about fields: `"settle": 10` for `--settle 10`. */
function inFile(sentence: string, options: readonly Option[]): string {
  return sentence.replaceAll(
    /--([a-z][a-z-]*)(?:[ =]([\w/.:[\]-]*\w))?/g,
    (all, name: string, value: string | undefined) => {
      const option = options.find((candidate) => candidate.name === name);
      if (option === undefined) return all;
      const field = fieldOf(option);
      const isValue = value !== undefined && /[\d/]|^(none|on|off)$/.test(value);
      if (!isValue) return `"${field.name}"${value === undefined ? "" : ` ${value}`}`;
      return `"${field.name}": ${field.type === "number" ? value : JSON.stringify(value)}`;
    },
  );
}

function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
