import { assert, assertEquals, assertThrows } from "@std/assert";
import { allowedArcs } from "../probe/mod.ts";
import { listSourceSteps, listTargetSteps, type Step, walk } from "./list_steps.ts";

/**
 * The rule in the uapi v2 header, written independently: in which states a device stands still, runs, saves and loads.
 * An arc changes one of these at a time. Between saving and loading it must pass through STOP.
 */
const RULE: Record<string, { runs: boolean; saves: boolean; loads: boolean; needs: string[] }> = {
  "stop": { runs: false, saves: false, loads: false, needs: [] },
  "running": { runs: true, saves: false, loads: false, needs: [] },
  "stop-copy": { runs: false, saves: true, loads: false, needs: [] },
  "resuming": { runs: false, saves: false, loads: true, needs: [] },
  "running-p2p": { runs: true, saves: false, loads: false, needs: ["p2p"] },
  "pre-copy": { runs: true, saves: true, loads: false, needs: ["pre-copy"] },
  "pre-copy-p2p": { runs: true, saves: true, loads: false, needs: ["pre-copy", "p2p"] },
};

const DEVICES = [
  ["stop-copy"],
  ["stop-copy", "p2p"],
  ["stop-copy", "pre-copy"],
  ["stop-copy", "p2p", "pre-copy"],
];
const migrationOf = (features: string[]) => ({
  uapi: "v2" as const,
  features,
  arcs: allowedArcs(features),
});
const stepsOf = (listed: ReturnType<typeof listTargetSteps>): readonly Step[] => {
  assert("steps" in listed);
  return listed.steps;
};
const statesOf = (steps: readonly Step[]) =>
  steps.flatMap((step) => step.do === "set-state" ? [step.state as string] : []);

for (const features of DEVICES) {
  Deno.test(`plans for a device with ${features.join(" ")} use only states that it has`, () => {
    const migration = migrationOf(features);
    const source = listSourceSteps(migration, { stopCopyBytes: 64 });
    for (const steps of [stepsOf(source), stepsOf(listTargetSteps(migration))]) {
      let at = "running";
      for (const state of statesOf(steps)) {
        const [from, to] = [RULE[at]!, RULE[state]!];
        assert(to.needs.every((need) => features.includes(need)), state);
        // Never between saving and loading without a stop.
        assert(!(from.saves && to.loads) && !(from.loads && to.saves), `${at} to ${state}`);
        // A device is stopped before it loads, and does not run after it stops to save.
        if (to.loads) assertEquals(at, "stop");
        at = state;
      }
    }
  });

  Deno.test(`listTargetSteps() for ${features.join(" ")} writes last, in RESUMING, and does not leave it`, () => {
    const steps = stepsOf(listTargetSteps(migrationOf(features)));
    assertEquals(steps.at(-1), { do: "write" });
    assertEquals(statesOf(steps).at(-1), "resuming");
    assertEquals(steps.filter((step) => step.do === "write").length, 1);
  });

  Deno.test(`listSourceSteps() for ${features.join(" ")} ends in RUNNING and writes nothing`, () => {
    const steps = stepsOf(listSourceSteps(migrationOf(features), { stopCopyBytes: 64 }));
    assertEquals(statesOf(steps).at(-1), "running");
    assert(!steps.some((step) => step.do === "write"));
    // The device is stopped only if there is no other way to its data.
    const stops = statesOf(steps).some((state) => !RULE[state]!.runs);
    assertEquals(stops, !features.includes("pre-copy"));
  });
}

Deno.test("listSourceSteps() stops a device without PRE_COPY only on request", () => {
  const listed = listSourceSteps(migrationOf(["stop-copy"]), { stopCopyBytes: null });
  assertEquals(listed, { impossible: "its driver has no PRE_COPY, and therefore no initial data" });
});

Deno.test("plans for a device without migration are impossible", () => {
  for (const uapi of ["none", "unknown"] as const) {
    const migration = { uapi, features: [], arcs: [] };
    assert("impossible" in listSourceSteps(migration, { stopCopyBytes: 64 }));
    assert("impossible" in listTargetSteps(migration));
  }
});

Deno.test("plans for uapi v1 use its bits", () => {
  const migration = { uapi: "v1" as const, features: [], arcs: [] };
  const names = (steps: readonly Step[]) =>
    steps.map((step) => step.do === "set-v1-state" ? step.state : step.do);
  assertEquals(names(stepsOf(listSourceSteps(migration, { stopCopyBytes: null }))), [
    "pre-copy",
    "measure-chunk",
    "read",
  ]);
  assertEquals(names(stepsOf(listTargetSteps(migration))), [
    "resuming",
    "find-room",
    "write",
    "write-size",
  ]);
});

Deno.test("walk() is as short as the shortest path of an exhaustive search", () => {
  for (const features of DEVICES) {
    const { arcs } = migrationOf(features);
    const states = new Set(arcs.flat());
    for (const from of states) {
      for (const to of states) {
        // Every path up to this length, by enumeration.
        let ways: string[][] = [[from]];
        while (!ways.some((way) => way.at(-1) === to)) {
          ways = ways.flatMap((way) =>
            arcs.filter(([a]) => a === way.at(-1)).map(([, b]) => [...way, b])
          );
        }
        const shortest = ways.find((way) => way.at(-1) === to)!.length - 1;
        assertEquals(walk({ arcs }, from, to).length, shortest, `${from} to ${to}`);
      }
    }
  }
});

Deno.test("walk() throws if there is no path", () => {
  assertThrows(() => walk({ arcs: [["running", "stop"]] }, "running", "resuming"), RangeError);
});
