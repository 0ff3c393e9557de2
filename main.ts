/** The program: opens the real world from the command line and runs one command. */
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
    // 128 + SIGPIPE: the exit code that a shell reports for a closed pipe.
    if (error instanceof OutputClosed) return 141;
    throw error;
  });
  Deno.exit(code);
}

// Not called from the module body: with it on the stack, the first caught error costs 6 ms for source positions.
queueMicrotask(main);
