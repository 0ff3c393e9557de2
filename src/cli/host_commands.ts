import { escaped, Failure } from "../documents/mod.ts";
import type { Step } from "../install/mod.ts";
import type { Context, Option } from "./command.ts";
import { text, usage } from "./options.ts";

/** Where the program is installed. */
export const INSTALL_OPTIONS: readonly Option[] = [
  { name: "root", value: "DIR", help: "Use the files below DIR, and run nothing (/)" },
  { name: "prefix", value: "DIR", help: "Prefix of the program's own files (/usr/local)" },
  { name: "dry-run", help: "Only show what would be done" },
];

/** The place of an installation, from its options. */
export function installTarget(context: Context) {
  const root = text(context, "root") ?? "/";
  const prefix = (text(context, "prefix") ?? "/usr/local").replace(/(?<=.)\/+$/, "");
  for (const [name, path] of [["root", root], ["prefix", prefix]] as const) {
    if (path.startsWith("/")) continue;
    throw usage(`--${name} ${path}: not an absolute path`, `Use --${name} /…`, `--${name}`);
  }
  const dryRun = context.options["dry-run"] === true;
  if (root === "/" && !dryRun && Deno.uid() !== 0) {
    throw new Failure("not-permitted", "Only root can change what is installed", {
      subject: "user",
      remedy: "Run the command with sudo, or use --dry-run.",
    });
  }
  return { target: { root, dryRun }, prefix };
}

/** Prints each step: `created    /usr/local/bin/vfio-ask`. Returns all of them. */
export async function printSteps(context: Context, steps: AsyncIterable<Step>): Promise<Step[]> {
  const all: Step[] = [];
  for await (const step of steps) {
    const { path, done, why } = step;
    const note = why === undefined ? "" : ` (${why})`;
    context.terminal.out(`${done.padEnd(DONE_WIDTH)}${escaped(path)}${note}\n`);
    all.push(step);
  }
  return all;
}

const DONE_WIDTH = "unchanged".length + 2;

/** Runs commands of the host, or only prints them. */
export interface HostCommands {
  /** Runs a command and prints it. Throws a {@link Failure} if it fails, unless it `mayFail`. */
  run(argv: readonly string[], options?: { mayFail?: boolean }): Promise<void>;
}

/** The commands of a host. With another root or as a dry run, they are printed and not run. */
export function hostCommands(
  { terminal }: Context,
  { root, dryRun }: { root: string; dryRun: boolean },
): HostCommands {
  const print = (what: string, argv: readonly string[]) =>
    terminal.out(`${what.padEnd(DONE_WIDTH)}${escaped(argv.join(" "))}\n`);
  return {
    async run(argv, { mayFail = false } = {}) {
      if (root !== "/" || dryRun) return print("not run", argv);
      const [program, ...args] = argv as [string, ...string[]];
      const options = { args, stdin: "null", stdout: "null", stderr: "piped" } as const;
      const ended = await new Deno.Command(program, options).output().catch((error) => {
        if (error instanceof Deno.errors.NotFound) return null;
        throw error;
      });
      if (ended === null) return print("not found", argv);
      const { success, stderr } = ended;
      if (success) return print("ran", argv);
      if (mayFail) return;
      const said = new TextDecoder().decode(stderr).trim();
      throw new Failure("kernel", `${argv.join(" ")} failed: ${said}`, {
        subject: program,
        remedy: "Correct this, and run the command again: it continues where it stopped.",
      });
    },
  };
}

/** Whether systemd manages this machine. Source: sd_booted(3). */
export function isBootedWithSystemd(): boolean {
  try {
    return Deno.lstatSync("/run/systemd/system").isDirectory;
  } catch {
    return false;
  }
}
