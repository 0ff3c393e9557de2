import { type Observed, observeHost } from "../view/mod.ts";
import type { Context } from "./command.ts";
import { probeOptions } from "./options.ts";
import { tellProblems } from "./words.ts";

/** Observes the host as the options say, and reports problems and progress on standard error. */
export async function lookAtHost(context: Context): Promise<Observed> {
  const { terminal } = context;
  const world = await context.openWorld();
  const observed = await observeHost(world, {
    ...probeOptions(context),
    onResult: ({ device, outcome }) => {
      if (terminal.watched) terminal.err(`probed ${device}: ${outcome}\n`);
    },
  });
  tellProblems(terminal, observed.snapshot.problems);
  if (observed.settling.length > 0) {
    terminal.err(
      `vfio-ask: ${observed.settling.length} new device(s) not probed yet: ` +
        `${observed.settling.join(", ")}. Wait, or use --settle 0.\n`,
    );
  }
  return observed;
}

/** A document as JSON text. */
export function json(document: unknown): string {
  return JSON.stringify(document, null, 2) + "\n";
}
