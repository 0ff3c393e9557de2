import { type Observed, observeHost } from "../view/mod.ts";
import type { Snapshot } from "../documents/mod.ts";
import type { Context } from "./command.ts";
import { probeOptions } from "./options.ts";
import { tellProblems } from "./words.ts";

/** Observes the host as the options say, and reports progress on standard error. */
export async function observe(context: Context): Promise<Observed> {
  const { terminal } = context;
  const world = await context.openWorld();
  return await observeHost(world, {
    ...probeOptions(context),
    onResult: ({ device, outcome }) => {
      if (terminal.watched) terminal.err(`probed ${device}: ${outcome}\n`);
    },
  });
}

/** The snapshot of the host as the options say. Reports problems and progress on standard error. */
export async function lookAtHost(context: Context): Promise<Snapshot> {
  const { snapshot, settling } = await observe(context);
  tellProblems(context.terminal, snapshot.problems);
  if (settling.length > 0) {
    context.terminal.err(
      `vfio-ask: ${settling.length} new device(s) not probed yet: ${settling.join(", ")}. ` +
        "Wait, or use --settle 0.\n",
    );
  }
  return snapshot;
}

/** A document as JSON text. */
export function json(document: unknown): string {
  return JSON.stringify(document, null, 2) + "\n";
}
