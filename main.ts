/** The program: builds the real world from the command line and runs one command. */
import { openLibc } from "./ffi/libc.ts";
import { openTerminal, OutputClosed, runCommandLine } from "./src/cli/mod.ts";
import { openWorkerWorld, openWorld } from "./src/cli/world.ts";
import config from "./deno.json" with { type: "json" };

const program = Deno.build.standalone
  ? [Deno.execPath()]
  : [Deno.execPath(), "run", "--quiet", "-A", Deno.mainModule];

/** Runs the command line and ends the process with its exit code. */
async function main(): Promise<never> {
  const code = await runCommandLine(Deno.args, {
    terminal: openTerminal(),
    version: config.version,
    openWorld: (parsed) => openWorld(parsed, program),
    openWorkerWorld: (parsed) => openWorkerWorld(parsed, openLibc),
  }).catch((error) => {
    // 128 + SIGPIPE, as a shell tells of a program whose reader has gone.
    if (error instanceof OutputClosed) return 141;
    throw error;
  });
  Deno.exit(code);
}

// Not from the module's own body: with that on the stack the first error caught costs 6 ms, for its positions.
queueMicrotask(main);
