import { parseArgs } from "@std/cli/parse-args";
import type { World } from "../view/mod.ts";
import type { WorkerWorld } from "../worker/mod.ts";
import { escaped, Failure } from "../documents/mod.ts";
import {
  FAILED,
  loadCommand,
  type NamedCommand,
  type Option,
  OutputClosed,
  type Parsed,
  type Terminal,
  USAGE,
  YES,
} from "./command.ts";
import { COMMANDS, SHOWN } from "./commands.ts";
import { HELP, usage } from "./options.ts";

/** What the command line is run with: the real world, or a test's. */
export interface Setting {
  terminal: Terminal;
  version: string;
  openWorld: (parsed: Parsed) => Promise<World & AsyncDisposable>;
  openWorkerWorld: (parsed: Parsed) => Promise<WorkerWorld>;
}

/** Runs a command line; gives the exit code. Throws only {@link OutputClosed}. */
export async function runCommandLine(argv: readonly string[], setting: Setting): Promise<number> {
  const { terminal } = setting;
  const [name, ...rest] = argv;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    return help(terminal, name === undefined ? undefined : rest[0]);
  }
  const wanted = name === "--version" ? "version" : name;
  const entry = COMMANDS.find((candidate) => candidate.name === wanted);
  if (entry === undefined) return noCommand(terminal, name);
  try {
    const command = await loadCommand(entry);
    const parsed = parse(command, rest);
    if (parsed.options.help) return help(terminal, entry.name);
    if (command.args === "" && parsed.args.length > 0) {
      throw usage(`${parsed.args[0]}: ${command.name} takes no argument`, "Use options only.");
    }
    await using ends = new AsyncDisposableStack();
    let opened: Promise<World> | null = null;
    const openWorld = () => opened ??= setting.openWorld(parsed).then((world) => ends.use(world));
    const openWorkerWorld = () => setting.openWorkerWorld(parsed);
    return await command.run({ ...setting, ...parsed, openWorld, openWorkerWorld });
  } catch (error) {
    return tell(terminal, error);
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
        `${argument}: ${command.name} has no such option`,
        `Run vfio-ask help ${command.name}.`,
      );
    },
  });
  const values = parsed as unknown as Parsed["options"];
  for (const option of options) {
    for (const given of [values[option.name] ?? []].flat()) checkValue(option, String(given));
  }
  return { args: parsed._.map(String), options: values };
}

function checkValue({ name, value, choices }: Option, given: string): void {
  if (value === undefined) return;
  if (given === "") throw usage(`--${name} needs a value`, `Write --${name} ${value}.`);
  if (choices === undefined || choices.includes(given)) return;
  throw usage(
    `--${name} ${given}: no such ${value.toLowerCase()}`,
    `Write one of ${choices.join(", ")}.`,
  );
}

function tell(terminal: Terminal, error: unknown): number {
  if (error instanceof Failure) {
    const { message, remedy, code } = error;
    terminal.err(`vfio-ask: ${escaped(message)}.${remedy === null ? "" : ` ${remedy}`}\n`);
    return code === "bad-input" || code === "not-found" ? USAGE : FAILED;
  }
  if (error instanceof OutputClosed) throw error;
  terminal.err(`vfio-ask: ${error instanceof Error ? error.stack ?? error.message : error}\n`);
  return FAILED;
}

async function help(terminal: Terminal, name: string | undefined): Promise<number> {
  const entry = COMMANDS.find((candidate) => candidate.name === name);
  if (name !== undefined && entry === undefined) return noCommand(terminal, name);
  terminal.out(entry === undefined ? overview() : details(await loadCommand(entry)));
  return YES;
}

function noCommand(terminal: Terminal, name: string): number {
  terminal.err(`vfio-ask: there is no command ${escaped(name)}. Run vfio-ask help.\n`);
  return USAGE;
}

function overview(): string {
  const width = Math.max(...SHOWN.map(({ name }) => name.length));
  return `vfio-ask: which configurations of this host can take a VFIO device's live migration?

Usage: vfio-ask COMMAND [OPTION…] [ARGUMENT…]

${SHOWN.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`).join("")}
Run vfio-ask help COMMAND for its options. Exit codes: 0 yes, 1 no, 3 unknown, 2 a wrong command line or
input, 4 a host or device that would not answer.
`;
}

function details({ name, args, about, options, summary }: NamedCommand): string {
  const shown = [...options, HELP].map(({ name, value, help, choices, implied }) => ({
    left: `--${name}${
      value === undefined ? "" : implied === undefined ? ` ${value}` : `[=${value}]`
    }`,
    right: choices === undefined ? help : `${help}: ${choices.join(", ")}`,
  }));
  const width = Math.max(...shown.map(({ left }) => left.length));
  return `${summary}

Usage: vfio-ask ${name} [OPTION…]${args === "" ? "" : ` ${args}`}

${about}

${shown.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}\n`).join("")}`;
}
