import { type Observed, observeHost } from "../view/mod.ts";
import type { Context } from "./command.ts";
import { probeOptions } from "./options.ts";
import { tellProblems } from "./words.ts";

/** Looks at the host as the options say, and tells problems and progress on standard error. */
export async function lookAtHost(context: Context): Promise<Observed> {
  const { terminal } = context;
  const world = await context.openWorld();
  const observed = await observeHost(world, {
    ...probeOptions(context),
    onResult: ({ device, outcome }) => {
      if (terminal.watched) terminal.err(`asked ${device}: ${outcome}\n`);
    },
  });
  tellProblems(terminal, observed.snapshot.problems);
  if (observed.settling.length > 0) {
    terminal.err(
      `vfio-ask: ${observed.settling.length} new device(s) not asked yet: ` +
        `${observed.settling.join(", ")}. Wait, or use --settle 0.\n`,
    );
  }
  return observed;
}

/** A document as programs get it. */
export function json(document: unknown): string {
  return JSON.stringify(document, null, 2) + "\n";
}
