import { permit, type PermitWorld, serveAccess, type WorkerPolicy } from "../access/mod.ts";
import { readLines } from "../children/mod.ts";
import { type Command, type Parsed, YES } from "./command.ts";
import {
  DRIVERS,
  LOOK_OPTIONS,
  PREFLIGHT_OPTIONS,
  preflightPolicy,
  probeOptions,
  text,
} from "./options.ts";
import { CONFIG, configure } from "./settings.ts";

/** The options that the worker service has in common with `serve`, and its own. */
const OPTIONS = [...LOOK_OPTIONS, ...PREFLIGHT_OPTIONS, DRIVERS];

/**
 * The privileged side of the service: answers the requests of a server on standard input, until they end. systemd
 * starts it for each connection to `vfio-ask-worker.socket`.
 */
export const command: Command = {
  about: `Reads one request per line from standard input, checks it against its own options and the
configuration file, and prints one answer per line. For vfio-ask-worker.socket.`,
  options: [CONFIG, ...OPTIONS],
  async run(context) {
    // The server checks fields that only it has.
    const { parsed, value: policy } = configure(context, OPTIONS, workerPolicy, {
      ignoreOthers: true,
    });
    const { roots, access, readRules, now } = await context.openWorld(parsed);
    const world: PermitWorld = {
      roots,
      policy,
      rules: () => readRules().inForce,
      nowMs: () => now().getTime(),
    };
    await serveAccess(access, {
      lines: readLines(Deno.stdin.readable),
      write: context.terminal.out,
      permit: (task) => permit(task, world),
    });
    return YES;
  },
};

/** What the options permit the worker service. */
function workerPolicy(parsed: Parsed): WorkerPolicy {
  const { mode, create } = preflightPolicy(parsed);
  const probe = probeOptions(parsed);
  const drivers = text(parsed, "drivers")?.split(/[\s,]+/).filter((name) => name !== "") ?? null;
  return { mode, create, settleMs: probe.settleMs, probe: probe.mode !== "never", drivers };
}
