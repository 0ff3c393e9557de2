import type { MigrationState } from "../documents/mod.ts";

/** An arc of the v2 state machine that drivers implement, and the flags it requires. */
interface Arc {
  from: MigrationState;
  to: MigrationState;
  needs: readonly string[];
}

const both = (a: MigrationState, b: MigrationState, needs: readonly string[] = []): Arc[] => [
  { from: a, to: b, needs },
  { from: b, to: a, needs },
];

/**
 * The arcs in the header's comment on `enum vfio_device_mig_state`. With P2P, the paths between RUNNING and STOP, and
 * between PRE_COPY and STOP_COPY, go through a P2P state.
 */
const ARCS: readonly Arc[] = [
  ...both("running", "stop"),
  ...both("stop", "stop-copy"),
  ...both("stop", "resuming"),
  ...both("running", "running-p2p", ["p2p"]),
  ...both("running-p2p", "stop", ["p2p"]),
  ...both("running", "pre-copy", ["pre-copy"]),
  { from: "pre-copy", to: "stop-copy", needs: ["pre-copy"] },
  ...both("pre-copy", "pre-copy-p2p", ["pre-copy", "p2p"]),
  ...both("running-p2p", "pre-copy-p2p", ["pre-copy", "p2p"]),
  { from: "pre-copy-p2p", to: "stop-copy", needs: ["pre-copy", "p2p"] },
];

/**
 * The state arcs that a device's flags allow, as `[from, to]`. Only direct arcs: the kernel itself combines them into
 * longer paths. None without STOP_COPY, which every device with v2 migration has.
 */
export function allowedArcs(features: readonly string[]): [MigrationState, MigrationState][] {
  if (!features.includes("stop-copy")) return [];
  return ARCS
    .filter(({ needs }) => needs.every((need) => features.includes(need)))
    .map(({ from, to }) => [from, to]);
}
