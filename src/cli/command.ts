import type { Verdict } from "../documents/mod.ts";
import type { World } from "../view/mod.ts";
import type { WorkerWorld } from "../worker/mod.ts";

/** Exit codes. */
export const YES = 0;
export const NO = 1;
export const USAGE = 2;
export const UNKNOWN = 3;
export const FAILED = 4;

/** All exit codes with their meanings. */
export const EXIT_CODES = [
  [YES, "yes"],
  [NO, "no"],
  [USAGE, "invalid command line or input"],
  [UNKNOWN, "unknown"],
  [FAILED, "host or device failure"],
] as const;

/** The exit code for a verdict. */
export function codeOf(verdict: Verdict): number {
  return { compatible: YES, unknown: UNKNOWN, incompatible: NO }[verdict];
}

/** An option: `--name VALUE`, or a switch if it has no `value`. */
export interface Option {
  name: string;
  value?: string;
  help: string;
  /** The accepted values, for help, errors and completions. */
  choices?: readonly string[];
  /** The value of `--name` alone. Other values must then be written as `--name=VALUE`. */
  implied?: string;
  /** Whether it can be repeated. */
  many?: boolean;
}

/** Thrown when the reader of the output has closed it (EPIPE). */
export class OutputClosed extends Error {}

/** A parsed command line: arguments, and options by name. */
export interface Parsed {
  args: string[];
  options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}

/** Standard output and standard error of a command; tests replace it. */
export interface Terminal {
  out: (text: string) => void;
  err: (text: string) => void;
  /** Whether standard error is a terminal, so that progress should be shown. */
  watched: boolean;
}

export interface Context extends Parsed {
  terminal: Terminal;
  /**
   * Opens the world that the options describe, or other options, at the first call. It is closed when the command ends.
   */
  openWorld: (parsed?: Parsed) => Promise<World>;
  /** Opens the world of the worker that the options describe. */
  openWorkerWorld: () => Promise<WorkerWorld>;
  /** Loads all commands that help lists. */
  loadCommands: () => Promise<NamedCommand[]>;
  version: string;
}

/** A command, as its module exports it. */
export interface Command {
  /** The arguments as shown in help: `DEVICE…`. Without it, the command takes none. */
  args?: string;
  /** Longer help: paragraphs and examples. */
  about: string;
  options: readonly Option[];
  /** Returns the exit code. Throws a `Failure` with `bad-input` for an invalid command line. */
  run: (context: Context) => number | Promise<number>;
}

/** An entry in the table of commands. */
export interface CommandEntry {
  name: string;
  summary: string;
  /** Loads the module when the command or its help is called. */
  load: () => Promise<NamedCommand>;
}

/** A command with its name and summary from the table. */
export type NamedCommand = Command & Pick<CommandEntry, "name" | "summary">;
