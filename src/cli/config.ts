import {
  describeSettingsError,
  type FieldType,
  readSettings,
  type Settings,
  SETTINGS_FILE,
  type SettingsError,
} from "../config/mod.ts";
import { CONFIG_CHECK_SCHEMA, escaped, SETTINGS_SCHEMA } from "../documents/mod.ts";
import { type Command, type Context, NO, type Option, YES } from "./command.ts";
import { json } from "./look.ts";
import { JSON_OUTPUT, usage } from "./options.ts";
import { FILE_OPTIONS, serveOptions } from "./serve.ts";
import { apply, CONFIG, configure, fieldOf, settingsFile, WrongSetting } from "./settings.ts";
import { formatColumns } from "./table.ts";

export const command: Command = {
  args: "check [FILE] | show",
  about:
    `The configuration file of the service sets options of vfio-ask serve, as a JSON object. A field
is an option in camel case: "preflightCreate" for --preflight-create. Numbers, lists and true or
false are written as such; null resets a field to its default. Example:

  { "schema": "vfio-ask/config/v1", "settle": 30, "rules": ["/srv/rules"], "preflightCreate": true }

Drop-ins are the files *.json in the directory with the file's name and .d instead of .json, for
example /etc/vfio-ask/config.d/50-local.json. They are sorted by name, and the last value of a field
counts. Options on the command line have priority over files. An unknown field is an error.

  vfio-ask config check [FILE]   List the errors in a file and its drop-ins; exit code 1 if any
  vfio-ask config show           Print the effective settings and where each is from

The server reads its configuration at the start and on SIGHUP. The worker service reads it for each
connection of the server, and permits nothing else: "drivers" names the drivers whose devices it may
open. Other commands do not read it.`,
  options: [CONFIG, ...FILE_OPTIONS, JSON_OUTPUT],
  run(context) {
    const [action, file, ...more] = context.args;
    if (action === "check" && more.length === 0) return check(context, file);
    if (action === "show" && file === undefined) return show(context);
    throw usage(
      `config: ${
        action === undefined ? "no action" : `${context.args.join(" ")} is not an action`
      }`,
      "Use check, check FILE or show.",
    );
  },
};

function check(context: Context, file: string | undefined): number {
  const { terminal, options } = context;
  const parsed = file === undefined
    ? context
    : { ...context, options: { ...options, config: file } };
  const settings = readSettings(settingsFile(parsed), FILE_OPTIONS.map(fieldOf));
  const errors = settings.errors.length > 0 ? settings.errors : wrongValues(settings);
  const { files } = settings;
  if (options.json) terminal.out(json({ schema: CONFIG_CHECK_SCHEMA, files, errors }));
  else terminal.out(errors.length > 0 ? errors.map(errorLine).join("") : fine(files));
  return errors.length > 0 ? NO : YES;
}

/** The first error among values that have the right type. */
function wrongValues(settings: Settings): SettingsError[] {
  try {
    apply({ args: [], options: {} }, FILE_OPTIONS, settings, serveOptions);
    return [];
  } catch (error) {
    if (error instanceof WrongSetting) return [error.error];
    throw error;
  }
}

function errorLine(error: SettingsError): string {
  return `${escaped(`${describeSettingsError(error)}. ${error.remedy}`)}\n`;
}

function fine(files: readonly string[]): string {
  if (files.length === 0) return `${SETTINGS_FILE}: no file, all settings have their defaults\n`;
  return files.map((file) => `${escaped(file)}: valid\n`).join("");
}

function show(context: Context): number {
  const { settings } = configure(context, FILE_OPTIONS, serveOptions);
  const entries = FILE_OPTIONS.map((option) => effective(context, settings, option));
  const { files } = settings;
  context.terminal.out(
    context.options.json
      ? json({ schema: SETTINGS_SCHEMA, files, settings: entries })
      : formatColumns(entries, {
        FIELD: ({ field }) => field,
        VALUE: ({ value }) => value === null ? "-" : [value].flat().join(" "),
        FROM: ({ origin, file }) => file ?? origin,
      }),
  );
  return YES;
}

/** A setting with its origin. A default is the text at the end of the option's help. */
function effective({ options }: Context, { values }: Settings, option: Option) {
  const { name: field, type } = fieldOf(option);
  const given = options[option.name];
  if (given !== undefined) return { field, value: typed(type, given), origin: "flag", file: null };
  const setting = values.get(field);
  if (setting !== undefined) return { field, ...setting, origin: "file" };
  const text = / \(([^()]*)\)$/.exec(option.help)?.[1];
  const value = type === "boolean" ? text === "on" : text === undefined ? null : typed(type, text);
  return { field, value, origin: "default", file: null };
}

/** A value of the command line as a file would have it. */
function typed(type: FieldType, value: string | boolean | readonly string[]) {
  if (typeof value !== "string") return value;
  switch (type) {
    case "boolean":
      return value === "on";
    case "list":
      return value.split(/[:,]/);
    case "number":
      // A default such as "never" is not a number.
      return Number.isNaN(Number(value)) ? value : Number(value);
    default:
      return value;
  }
}
