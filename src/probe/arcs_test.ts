import { assert, assertEquals } from "@std/assert";
import { allowedArcs } from "./arcs.ts";

type Arcs = [string, string][];

/** The states that can be reached over the arcs. */
function reachable(arcs: Arcs, from: string): Set<string> {
  const seen = new Set([from]);
  for (const state of seen) for (const [a, b] of arcs) if (a === state) seen.add(b);
  return seen;
}

Deno.test("allowedArcs() is empty for a device without STOP_COPY", () => {
  assertEquals(allowedArcs([]), []);
  assertEquals(allowedArcs(["p2p", "pre-copy"]), []);
});

// From the header: the flags decide which states exist. ERROR is entered only by failure.
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
  Deno.test(`allowedArcs() reaches exactly the states of ${features.join(" ")}`, () => {
    const arcs = allowedArcs(features);
    assertEquals([...reachable(arcs, "running")].sort(), states);
    // Every state leads back to RUNNING: a device never gets stuck.
    for (const state of states) assert(reachable(arcs, state).has("running"), state);
    // RESUMING is entered only from STOP, and STOP_COPY leads only to STOP.
    assertEquals(arcs.filter(([, to]) => to === "resuming").map(([from]) => from), ["stop"]);
    assertEquals(arcs.filter(([from]) => from === "stop-copy").map(([, to]) => to), ["stop"]);
    // From RESUMING, a copying state is reached only through STOP.
    assertEquals(arcs.filter(([from]) => from === "resuming").map(([, to]) => to), ["stop"]);
  });
}

Deno.test("allowedArcs() requires both flags for PRE_COPY_P2P", () => {
  for (const features of [["stop-copy", "p2p"], ["stop-copy", "pre-copy"]]) {
    assert(!allowedArcs(features).flat().includes("pre-copy-p2p"));
  }
});
