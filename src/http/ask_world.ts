import type { Identity, Snapshot } from "../documents/mod.ts";
import type { OfferOrder, SubsystemMode } from "../judge/ask/mod.ts";
import type { Trial } from "../trials/mod.ts";

/** What the routes that ask need. */
export interface AskWorld {
  /** The newest snapshot of the host. It contains the named device or parent if the host has it. */
  newest: (named?: string) => Promise<Snapshot>;
  /** Prepares the tests of all candidates for the source. The trial reports problems itself. */
  openTrial: (
    snapshot: Snapshot,
    source: Identity,
    options: { order: OfferOrder },
  ) => Promise<Trial>;
  /** How to judge subsystem IDs that differ from the source's. */
  subsystem: SubsystemMode;
  /** Aborted when the server stops: readers that wait for tests then get an end or a problem. */
  stopping: AbortSignal;
}
