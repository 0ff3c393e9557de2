import type { V1State } from "../device/mod.ts";
import type { Migration, MigrationState } from "../documents/mod.ts";

/** One thing to do on a device that is in RUNNING. The way back is not a step: it is always taken. */
export type Step =
  /** v2: set the state; a descriptor for data may come with it. */
  | { do: "set-state"; state: MigrationState }
  /** v1: write `device_state`. */
  | { do: "set-v1-state"; state: V1State }
  /** v2: ask for REINIT to be told, where the kernel has that. */
  | { do: "opt-in" }
  /** v2: ask how much of the stream the driver calls initial. */
  | { do: "measure-initial" }
  /** v1: ask how much the first chunk of the stream holds. */
  | { do: "measure-chunk" }
  /** Read from the stream, at most so many bytes; `initial` is just what was measured. */
  | { do: "read"; atMostBytes: number | "initial" }
  /** v1: ask where in the region data go, and how much of them. */
  | { do: "find-room" }
  /** Hand data to the driver: v2 to the data descriptor, v1 into the region's data section. */
  | { do: "write" }
  /** v1: say how much was written, which is when the driver looks at it. */
  | { do: "write-size" };

/** What to do on a device, or why nothing can be done. */
export type Plan = { steps: readonly Step[] } | { impossible: string };

type Known = Pick<Migration, "uapi" | "features" | "arcs" | "checks">;

/**
 * How to read a source's initial data: what its driver calls initial, in PRE_COPY; without that, and only
 * where the operator allows it, the first `stopCopyBytes` of STOP_COPY, which stops the device. Pure.
 */
export function planSource(
  migration: Known,
  { stopCopyBytes }: { stopCopyBytes: number | null },
): Plan {
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
    return { impossible: "its driver has no PRE_COPY, and so no initial data" };
  }
  return {
    steps: [
      ...walk(migration, "running", "stop-copy"),
      { do: "read", atMostBytes: stopCopyBytes },
      ...walk(migration, "stop-copy", "running"),
    ],
  };
}

/** How to hand data to a target: the way to RESUMING, and the write. Pure. */
export function planTarget(migration: Known): Plan {
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

/** Why there is no way to migrate. An errno is not absence. */
function whyNot({ uapi, checks = [] }: Known): string {
  if (uapi === "none") return "it does not support migration";
  const unclear = checks.find(({ errno }) => errno !== "ENOTTY");
  return unclear === undefined
    ? "nobody could tell whether it supports migration"
    : `whether it supports migration is not known: ${unclear.step} gave ${unclear.errno}`;
}

/** The shortest way over the arcs that the device has, a step for each. Throws where there is none. */
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
