import type { V1State } from "../device/mod.ts";
import type { Migration, MigrationState } from "../documents/mod.ts";

/** One step on a device that starts in RUNNING. The final reset is not a step: it always happens. */
export type Step =
  /** v2: set the state, which may return a data descriptor. */
  | { do: "set-state"; state: MigrationState }
  /** v1: write `device_state`. */
  | { do: "set-v1-state"; state: V1State }
  /** v2: ask the kernel to report REINIT, if it can. */
  | { do: "opt-in" }
  /** v2: ask how much of the stream is initial data. */
  | { do: "measure-initial" }
  /** v1: ask for the size of the stream's first chunk. */
  | { do: "measure-chunk" }
  /** Read at most this many bytes from the stream. `initial` is the measured amount. */
  | { do: "read"; atMostBytes: number | "initial" }
  /** v1: ask where in the region data goes, and how much fits. */
  | { do: "find-room" }
  /** Give data to the driver: in v2 through the data descriptor, in v1 in the region's data section. */
  | { do: "write" }
  /** v1: report how much was written. The driver then checks it. */
  | { do: "write-size" };

/** What to do on a device, or why nothing can be done. */
export type StepsOrWhy = { steps: readonly Step[] } | { impossible: string };

type Known = Pick<Migration, "uapi" | "features" | "arcs" | "checks">;

/**
 * How to read a source's initial data: in PRE_COPY, what its driver reports as initial. Without PRE_COPY, and only if
 * the operator allows it, the first `stopCopyBytes` of STOP_COPY, which stops the device. Pure.
 */
export function listSourceSteps(
  migration: Known,
  { stopCopyBytes }: { stopCopyBytes: number | null },
): StepsOrWhy {
  if (migration.uapi === "v1") {
    return {
      steps: [{ do: "set-v1-state", state: "pre-copy" }, { do: "measure-chunk" }, {
        do: "read",
        atMostBytes: "initial",
      }],
    };
  }
  if (migration.uapi !== "v2") return { impossible: whyNot(migration) };
  if (migration.features.includes("pre-copy")) {
    return {
      steps: [
        { do: "opt-in" },
        ...walk(migration, "running", "pre-copy"),
        { do: "measure-initial" },
        { do: "read", atMostBytes: "initial" },
        ...walk(migration, "pre-copy", "running"),
      ],
    };
  }
  if (stopCopyBytes === null) {
    return { impossible: "its driver has no PRE_COPY, and therefore no initial data" };
  }
  return {
    steps: [
      ...walk(migration, "running", "stop-copy"),
      { do: "read", atMostBytes: stopCopyBytes },
      ...walk(migration, "stop-copy", "running"),
    ],
  };
}

/** How to give data to a target: the path to RESUMING, and the write. Pure. */
export function listTargetSteps(migration: Known): StepsOrWhy {
  if (migration.uapi === "v1") {
    return {
      steps: [
        { do: "set-v1-state", state: "resuming" },
        { do: "find-room" },
        { do: "write" },
        { do: "write-size" },
      ],
    };
  }
  if (migration.uapi !== "v2") return { impossible: whyNot(migration) };
  return { steps: [...walk(migration, "running", "resuming"), { do: "write" }] };
}

/** Why the device cannot migrate. An errno does not mean absence. */
function whyNot({ uapi, checks = [] }: Known): string {
  if (uapi === "none") return "it does not support migration";
  const unclear = checks.find(({ errno }) => errno !== "ENOTTY");
  return unclear === undefined
    ? "it is unknown whether it supports migration"
    : `it is unknown whether it supports migration: ${unclear.step} gave ${unclear.errno}`;
}

/** The shortest path over the device's arcs, one step per arc. Throws if there is none. */
export function walk({ arcs }: Pick<Known, "arcs">, from: string, to: string): Step[] {
  const cameFrom = new Map<string, string | null>([[from, null]]);
  for (const state of cameFrom.keys()) {
    for (const [a, b] of arcs) if (a === state && !cameFrom.has(b)) cameFrom.set(b, state);
  }
  if (!cameFrom.has(to)) throw new RangeError(`Cannot get from ${from} to ${to} over these arcs`);
  const states: string[] = [];
  for (let at: string | null = to; at !== null && at !== from; at = cameFrom.get(at) ?? null) {
    states.unshift(at);
  }
  return states.map((state) => ({ do: "set-state", state: state as MigrationState }));
}
