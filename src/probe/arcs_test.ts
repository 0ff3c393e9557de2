import { assert, assertEquals } from "@std/assert";
import { allowedArcs } from "./arcs.ts";

type Arcs = [string, string][];

/** Where a walk over the arcs can lead to. */
function reachable(arcs: Arcs, from: string): Set<string> {
  const seen = new Set([from]);
  for (const state of seen) for (const [a, b] of arcs) if (a === state) seen.add(b);
  return seen;
}

Deno.test("allowedArcs() gives none to a device without STOP_COPY", () => {
  assertEquals(allowedArcs([]), []);
  assertEquals(allowedArcs(["p2p", "pre-copy"]), []);
});

// The header: which states exist is decided by the flags, and ERROR is entered by failure only.
const STATES: [features: string[], states: string[]][] = [
  [["stop-copy"], ["resuming", "running", "stop", "stop-copy"]],
  [["stop-copy", "p2p"], ["resuming", "running", "running-p2p", "stop", "stop-copy"]],
  [["stop-copy", "pre-copy"], ["pre-copy", "resuming", "running", "stop", "stop-copy"]],
  [["stop-copy", "p2p", "pre-copy"], [
    "pre-copy",
    "pre-copy-p2p",
    "resuming",
    "running",
    "running-p2p",
    "stop",
    "stop-copy",
  ]],
];

for (const [features, states] of STATES) {
  Deno.test(`allowedArcs() reaches just the states that ${features.join(" ")} bring`, () => {
    const arcs = allowedArcs(features);
    assertEquals([...reachable(arcs, "running")].sort(), states);
    // Every state leads back to RUNNING, so that a device is never lost in one.
    for (const state of states) assert(reachable(arcs, state).has("running"), state);
    // RESUMING is entered from STOP only, and STOP_COPY is left to STOP only.
    assertEquals(arcs.filter(([, to]) => to === "resuming").map(([from]) => from), ["stop"]);
    assertEquals(arcs.filter(([from]) => from === "stop-copy").map(([, to]) => to), ["stop"]);
    // Nothing that copies can be entered from a device that resumes, but over STOP.
    assertEquals(arcs.filter(([from]) => from === "resuming").map(([, to]) => to), ["stop"]);
  });
}

Deno.test("allowedArcs() needs both flags for PRE_COPY_P2P", () => {
  for (const features of [["stop-copy", "p2p"], ["stop-copy", "pre-copy"]]) {
    assert(!allowedArcs(features).flat().includes("pre-copy-p2p"));
  }
});
