import { assert, assertEquals } from "@std/assert";
import type { MigrationV2 } from "../scenario.ts";
import { nextState } from "./migration_arcs.ts";

const [ERROR, STOP, RUNNING, STOP_COPY, RESUMING, RUNNING_P2P, PRE_COPY, PRE_COPY_P2P] = [
  ...Array(8).keys(),
] as [number, number, number, number, number, number, number, number];

/** The arcs that `<linux/vfio.h>` lists in prose, by the features they require. */
const ARCS: readonly (readonly [number, number, "p2p" | "no p2p" | "any"])[] = [
  [RUNNING, STOP, "no p2p"],
  [STOP, RUNNING, "no p2p"],
  [PRE_COPY, STOP_COPY, "no p2p"],
  [RUNNING, RUNNING_P2P, "p2p"],
  [RUNNING_P2P, RUNNING, "p2p"],
  [RUNNING_P2P, STOP, "p2p"],
  [STOP, RUNNING_P2P, "p2p"],
  [RUNNING_P2P, PRE_COPY_P2P, "p2p"],
  [PRE_COPY, PRE_COPY_P2P, "p2p"],
  [PRE_COPY_P2P, PRE_COPY, "p2p"],
  [PRE_COPY_P2P, RUNNING_P2P, "p2p"],
  [PRE_COPY_P2P, STOP_COPY, "p2p"],
  [RESUMING, STOP, "any"],
  [STOP, RESUMING, "any"],
  [STOP, STOP_COPY, "any"],
  [STOP_COPY, STOP, "any"],
  [RUNNING, PRE_COPY, "any"],
  [PRE_COPY, RUNNING, "any"],
];
const SAVING: ReadonlySet<number> = new Set([PRE_COPY, PRE_COPY_P2P, STOP_COPY]);

const FLAGS: readonly MigrationV2["flags"][] = [
  ["stop-copy"],
  ["stop-copy", "p2p"],
  ["stop-copy", "pre-copy"],
  ["stop-copy", "p2p", "pre-copy"],
];

function describe(flags: MigrationV2["flags"]): MigrationV2 {
  return {
    uapi: "v2",
    flags,
    stopCopyBytes: 0,
    initialData: null,
    refusal: "EINVAL",
    drained: "end",
    keepsStateOnClose: false,
  };
}

function statesOf(flags: MigrationV2["flags"]): number[] {
  const p2p = flags.includes("p2p") ? [RUNNING_P2P] : [];
  const preCopy = flags.includes("pre-copy") ? [PRE_COPY] : [];
  const both = p2p.length > 0 && preCopy.length > 0 ? [PRE_COPY_P2P] : [];
  return [STOP, RUNNING, STOP_COPY, RESUMING, ...p2p, ...preCopy, ...both];
}

function hasArc(flags: MigrationV2["flags"], from: number, to: number): boolean {
  const when = flags.includes("p2p") ? "no p2p" : "p2p";
  return ARCS.some(([a, b, only]) => a === from && b === to && only !== when);
}

/** The length of the shortest path, found by search over the arcs. */
function distance(flags: MigrationV2["flags"], from: number, to: number): number {
  let reached = new Set([from]);
  for (let steps = 0; steps < 8; steps++) {
    if (reached.has(to)) return steps;
    const near = statesOf(flags).filter((state) =>
      [...reached].some((one) => hasArc(flags, one, state))
    );
    reached = new Set([...reached, ...near]);
  }
  return Infinity;
}

function walk(flags: MigrationV2["flags"], from: number, to: number): number[] {
  const path = [from];
  while (path.at(-1) !== to && path.at(-1) !== ERROR) {
    path.push(nextState(describe(flags), path.at(-1)!, to));
  }
  return path;
}

Deno.test("nextState() takes the shortest path, arc by legal arc", () => {
  for (const flags of FLAGS) {
    for (const from of statesOf(flags)) {
      for (const to of statesOf(flags)) {
        if (from === STOP_COPY && (to === PRE_COPY || to === PRE_COPY_P2P)) continue;
        const path = walk(flags, from, to);
        assertEquals(path.length - 1, distance(flags, from, to), `${flags}: ${path}`);
        path.slice(1).forEach((state, i) => assert(hasArc(flags, path[i]!, state), `${path}`));
      }
    }
  }
});

Deno.test("nextState() passes through no saving state on the path between others", () => {
  const flags = FLAGS.at(-1)!;
  const others = statesOf(flags).filter((state) => !SAVING.has(state));
  for (const from of others) {
    for (const to of statesOf(flags)) {
      const within = walk(flags, from, to).slice(1, -1);
      assert(!within.some((state) => SAVING.has(state)), `${from} to ${to}: ${within}`);
    }
  }
});

Deno.test("nextState() blocks leaving STOP_COPY backwards, leaving ERROR, and missing states", () => {
  const all = describe(FLAGS.at(-1)!);
  assertEquals(nextState(all, STOP_COPY, PRE_COPY), ERROR);
  assertEquals(nextState(all, STOP_COPY, PRE_COPY_P2P), ERROR);
  assertEquals(nextState(all, ERROR, RUNNING), ERROR);
  assertEquals(nextState(all, RUNNING, 8), ERROR);
  assertEquals(nextState(describe(["stop-copy"]), RUNNING, PRE_COPY), ERROR);
});
