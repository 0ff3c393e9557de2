import { permit, type PermitWorld, serveAccess, type WorkerPolicy } from "../access/mod.ts";
import { readLines } from "../children/mod.ts";
import { type Command, type Option, type Parsed, YES } from "./command.ts";
import { LOOK_OPTIONS, PREFLIGHT_OPTIONS, preflightPolicy, probeOptions, text } from "./options.ts";
import { CONFIG, configure } from "./settings.ts";

/** The options that the configuration file may set. */
const OPTIONS: readonly Option[] = [
  ...LOOK_OPTIONS,
  ...PREFLIGHT_OPTIONS,
  { name: "drivers", value: "NAMES", help: "Open only devices of these drivers (all)" },
];

/**
 * The privileged side of the service: answers the requests of a server on standard input, until they end. systemd
 * starts it for each connection to `vfio-ask-worker.socket`.
 */
export const command: Command = {
  about:
    `Reads one request per line from standard input, checks it against its own options, and prints one
answer per line. For vfio-ask-worker.socket.`,
  options: [CONFIG, ...OPTIONS],
  async run(context) {
    // The file also has fields of the server.
    const { parsed, value } = configure(context, OPTIONS, policyOf, { ignoreOthers: true });
    const { roots, access, readRules, now } = await context.openWorld(parsed);
    const world: PermitWorld = {
      roots,
      policy: value,
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

function policyOf(parsed: Parsed): WorkerPolicy {
  const { mode, create } = preflightPolicy(parsed);
  const probe = probeOptions(parsed);
  const drivers = text(parsed, "drivers")?.split(/[\s,]+/).filter((name) => name !== "") ?? null;
  return { mode, create, settleMs: probe.settleMs, probe: probe.mode !== "never", drivers };
}
