import { permit, type PermitWorld, serveAccess } from "../access/mod.ts";
import { readLines } from "../children/mod.ts";
import { type Command, YES } from "./command.ts";
import { LOOK_OPTIONS, PREFLIGHT_OPTIONS, preflightPolicy, probeOptions, text } from "./options.ts";

/**
 * The privileged side of the service: answers the requests of a server on standard input, until they end. systemd
 * starts it for each connection to `vfio-ask-worker.socket`.
 */
export const command: Command = {
  about:
    `Reads one request per line from standard input, checks it against its own options, and prints one
answer per line. For vfio-ask-worker.socket.`,
  options: [
    ...LOOK_OPTIONS,
    ...PREFLIGHT_OPTIONS,
    { name: "drivers", value: "NAMES", help: "Open only devices of these drivers (all)" },
  ],
  async run(context) {
    const { mode, create } = preflightPolicy(context);
    const probe = probeOptions(context);
    const drivers = text(context, "drivers")?.split(/[\s,]+/).filter((name) => name !== "") ?? null;
    const { roots, access, readRules, now } = await context.openWorld();
    const world: PermitWorld = {
      roots,
      policy: { mode, create, settleMs: probe.settleMs, probe: probe.mode !== "never", drivers },
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
