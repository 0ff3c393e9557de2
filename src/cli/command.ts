import type { World } from "../view/mod.ts";
import type { WorkerWorld } from "../worker/mod.ts";

/** Exit codes. */
export const YES = 0;
export const NO = 1;
export const USAGE = 2;
export const UNKNOWN = 3;
export const FAILED = 4;

/** An option: `--name VALUE`, or a switch where it has no `value`. */
export interface Option {
  name: string;
  value?: string;
  help: string;
  /** What it may be, for errors and completions. */
  choices?: readonly string[];
  /** What `--name` alone means; a value is then given as `--name=VALUE` only. */
  implied?: string;
  /** Whether it may be given several times. */
  many?: boolean;
}

/** Thrown by a terminal whose reader has gone: there is nobody to tell anything any more. */
export class OutputClosed extends Error {}

/** What a command is given: its arguments, and its options by name. */
export interface Parsed {
  args: string[];
  options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}

/** What a command talks through, so that a test can listen. */
export interface Terminal {
  out: (text: string) => void;
  err: (text: string) => void;
  /** Whether a person watches standard error, so that progress is worth telling. */
  watched: boolean;
}

export interface Context extends Parsed {
  terminal: Terminal;
  /** The world that the options say, made at the first call; it ends with the command. */
  openWorld: () => Promise<World>;
  /** What the worker works with, as the options say. */
  openWorkerWorld: () => Promise<WorkerWorld>;
  version: string;
}

/** A command, as its module has it. */
export interface Command {
  /** The arguments, as help shows them: `DEVICE…`. */
  args: string;
  /** Longer help: paragraphs, examples. */
  about: string;
  options: readonly Option[];
  /** Gives the exit code; throws a `Failure` with `bad-input` for a wrong command line. */
  run: (context: Context) => number | Promise<number>;
}

/** A command as the table lists it. Its module is loaded when it is called, or its help is. */
export interface CommandEntry {
  name: string;
  /** Left out of help and completions: not for people. */
  hidden?: boolean;
  summary: string;
  load: () => Promise<Command>;
}

/** A command with what the table says of it. */
export type NamedCommand = Command & Pick<CommandEntry, "name" | "summary">;

/** Loads the module of a command. */
export async function loadCommand({ name, summary, load }: CommandEntry): Promise<NamedCommand> {
  return { ...await load(), name, summary };
}
