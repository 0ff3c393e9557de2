import { parseArgs } from "@std/cli/parse-args";
import type { World } from "../view/mod.ts";
import type { WorkerWorld } from "../worker/mod.ts";
import { escaped, Failure } from "../documents/mod.ts";
import {
  EXIT_CODES,
  FAILED,
  type NamedCommand,
  type Option,
  OutputClosed,
  type Parsed,
  type Terminal,
  USAGE,
  YES,
} from "./command.ts";
import { COMMANDS, SHOWN } from "./commands.ts";
import { checkValue, HELP, usage } from "./options.ts";

/** The environment of a command line: the real world, or that of a test. */
export interface Setting {
  terminal: Terminal;
  version: string;
  openWorld: (parsed: Parsed) => Promise<World & AsyncDisposable>;
  openWorkerWorld: (parsed: Parsed) => Promise<WorkerWorld>;
}

/** Runs a command line and returns the exit code. Throws only {@link OutputClosed}. */
export async function runCommandLine(argv: readonly string[], setting: Setting): Promise<number> {
  const { terminal } = setting;
  const [name, ...rest] = argv;
  try {
    if (name === undefined || name === "--help" || name === "-h" || name === "help") {
      return await help(terminal, rest[0]);
    }
    const command = await load(name === "--version" ? "version" : name);
    const parsed = parse(command, rest);
    if (parsed.options.help) return await help(terminal, command.name);
    if (command.args === undefined && parsed.args.length > 0) {
      throw usage(`${parsed.args[0]}: ${command.name} takes no argument`, "Use options only.");
    }
    await using ends = new AsyncDisposableStack();
    let opened: Promise<World> | null = null;
    const openWorld = (given: Parsed = parsed) =>
      opened ??= setting.openWorld(given).then((world) => ends.use(world));
    const openWorkerWorld = () => setting.openWorkerWorld(parsed);
    const loadCommands = () => Promise.all(SHOWN.map(({ load }) => load()));
    return await command.run({ ...setting, ...parsed, openWorld, openWorkerWorld, loadCommands });
  } catch (error) {
    return await tell(terminal, error);
  }
}

/** Parses the arguments of a command. Throws a {@link Failure} that names the option. */
export function parse(command: NamedCommand, argv: readonly string[]): Parsed {
  const options = [...command.options, HELP];
  const named = (kind: (option: Option) => boolean) => options.filter(kind).map(({ name }) => name);
  const implied = new Map(
    options.flatMap(({ name, implied }) => implied === undefined ? [] : [[`--${name}`, implied]]),
  );
  const words = argv.map((word) => implied.has(word) ? `${word}=${implied.get(word)}` : word);
  const parsed = parseArgs(words, {
    string: [...named(({ value }) => value !== undefined), "_"],
    boolean: named(({ value }) => value === undefined),
    collect: named(({ many }) => many === true),
    alias: { help: "h" },
    unknown: (argument: string, key?: string) => {
      if (key === undefined) return true;
      throw usage(
        `${argument}: unknown option of ${command.name}`,
        `Run vfio-ask help ${command.name}.`,
      );
    },
  });
  // A switch that was not given is missing, so that a configuration file can set it.
  const given = (name: string) =>
    words.some((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  const all = Object.entries(parsed as unknown as Parsed["options"]);
  const values = Object.fromEntries(
    all.filter(([name, value]) => value !== false || given(name)),
  );
  for (const option of options) {
    for (const given of [values[option.name] ?? []].flat()) checkValue(option, String(given));
  }
  return { args: parsed._.map(String), options: values };
}

/** Reports an error on standard error. Returns the exit code. Throws {@link OutputClosed}. */
async function tell(terminal: Terminal, error: unknown): Promise<number> {
  if (error instanceof OutputClosed) throw error;
  const isFailure = error instanceof Failure;
  const text = isFailure
    ? `${escaped(error.message)}.${error.remedy === null ? "" : ` ${error.remedy}`}`
    : `${error instanceof Error ? error.stack ?? error.message : error}`;
  const env = (name: string) => Deno.env.get(name);
  if (env("JOURNAL_STREAM") === undefined) terminal.err(`vfio-ask: ${text}\n`);
  else (await import("../systemd/mod.ts")).openLog(env, terminal.err).error(text);
  return isFailure && (error.code === "bad-input" || error.code === "not-found") ? USAGE : FAILED;
}

async function help(terminal: Terminal, name: string | undefined): Promise<number> {
  terminal.out(name === undefined ? overview() : details(await load(name)));
  return YES;
}

/** Loads a command. Throws a {@link Failure} if there is none of this name. */
async function load(name: string): Promise<NamedCommand> {
  const entry = COMMANDS.find((candidate) => candidate.name === name);
  if (entry === undefined) throw usage(`unknown command ${name}`, "Run vfio-ask help.");
  return await entry.load();
}

function overview(): string {
  const width = Math.max(...SHOWN.map(({ name }) => name.length));
  return `vfio-ask: find configurations of this host that can accept a VFIO device's live migration

Usage: vfio-ask COMMAND [OPTION…] [ARGUMENT…]

${SHOWN.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`).join("")}
Run vfio-ask help COMMAND for its options.
Exit codes: ${EXIT_CODES.map((code) => code.join(" ")).join(", ")}.
`;
}

function details({ name, args, about, options, summary }: NamedCommand): string {
  const shown = [...options, HELP].map(({ name, value, help, choices, implied }) => ({
    left: `--${name}${
      value === undefined ? "" : implied === undefined ? ` ${value}` : `[=${value}]`
    }`,
    right: choices === undefined ? help : withChoices(help, choices),
  }));
  const width = Math.max(...shown.map(({ left }) => left.length));
  const line = ({ left, right }: typeof shown[number]) =>
    `  ${left.padEnd(width)}  ${
      wrap(right, COLUMNS - width - 4).join(`\n${" ".repeat(width + 4)}`)
    }\n`;
  return `${summary}

Usage: vfio-ask ${name} [OPTION…]${args === undefined ? "" : ` ${args}`}

${about}

${shown.map(line).join("")}`;
}

/** The width of help. */
const COLUMNS = 100;

/** Puts the choices before the default: `Open devices through…: any, cdev, group (any)`. */
function withChoices(help: string, choices: readonly string[]): string {
  return help.replace(/( \([^()]*\))?$/, (value) => `: ${choices.join(", ")}${value}`);
}

/** Breaks a text into lines of this width, at spaces. */
function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
