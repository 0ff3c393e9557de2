import { assertEquals } from "@std/assert";
import { capabilities } from "../../tests/fixtures/capabilities.ts";
import { mttyDevice } from "../../tests/fixtures/snapshot.ts";
import type { Device } from "../documents/mod.ts";
import { classKey, classOfDevice, deviceKey } from "../state/device_class.ts";
import { noObservations, type Observations } from "../state/observations.ts";
import { planProbes, type ProbeMode, type ProbePlan } from "./plan_probes.ts";

const NOW_MS = 100_000;
const SETTLE_MS = 10_000;
const NOTHING: ProbePlan = { devices: [], settling: [], nextMs: null };

/** Of two classes: `a` is the oldest of one, `c` is alone in the other. */
const DEVICES = [
  mttyDevice({ id: "b", since: 2_000 }),
  mttyDevice({ id: "a", since: 1_000 }),
  mttyDevice({ id: "c", since: 3_000, type: "mtty-1" }),
];

function plan(
  devices: readonly Device[],
  { mode = "representative", observations = noObservations("boot"), skip = [] }: {
    mode?: ProbeMode;
    observations?: Observations;
    skip?: readonly string[];
  } = {},
): ProbePlan {
  return planProbes(devices, observations, {
    mode,
    settleMs: SETTLE_MS,
    nowMs: NOW_MS,
    skip: new Set(skip),
  });
}

/** What is remembered when devices have answered: each for itself, the first of a class for the class. */
function answered(...devices: Device[]): Observations {
  const observations = noObservations("boot");
  for (const device of devices) {
    observations.byDevice[deviceKey(device)] = capabilities(device.id);
    observations.byClass[classKey(classOfDevice(device))] ??= capabilities(device.id);
  }
  return observations;
}

Deno.test("planProbes() takes the longest there of each class", () => {
  assertEquals(plan(DEVICES).devices, ["a", "c"]);
  assertEquals(plan(DEVICES.toReversed()).devices, ["a", "c"]);
});

Deno.test("planProbes() leaves a class alone that somebody has spoken for", () => {
  assertEquals(plan(DEVICES, { observations: answered(DEVICES[0]!) }).devices, ["c"]);
});

Deno.test("planProbes() asks a representative anew that was unbound and bound, once", () => {
  const observations = answered({ ...DEVICES[1]!, bound: "5" });
  const rebound = { ...DEVICES[1]!, bound: "6" };
  assertEquals(plan([DEVICES[0]!, rebound], { observations }).devices, ["a"]);
  observations.byDevice[deviceKey(rebound)] = capabilities("a");
  assertEquals(plan([DEVICES[0]!, rebound], { observations }).devices, []);
});

Deno.test("planProbes() takes each device that has not spoken itself, when told so", () => {
  assertEquals(plan(DEVICES, { mode: "each" }).devices, ["a", "b", "c"]);
  const observations = answered(DEVICES[0]!);
  assertEquals(plan(DEVICES, { mode: "each", observations }).devices, ["a", "c"]);
});

Deno.test("planProbes() takes none, when told so", () => {
  assertEquals(plan(DEVICES, { mode: "never" }), NOTHING);
});

Deno.test("planProbes() asks none that is in use or may be", () => {
  for (const state of ["in-use", "unknown"] as const) {
    const held = mttyDevice({ id: "a", use: { state, holder: null } });
    assertEquals(plan([held], { mode: "each" }), NOTHING);
    assertEquals(plan([held, ...DEVICES.slice(0, 1)]).devices, ["b"]);
  }
});

Deno.test("planProbes() asks none that has no node", () => {
  assertEquals(plan([mttyDevice({ nodes: { cdev: null, group: null } })]), NOTHING);
});

Deno.test("planProbes() passes over those that are to be skipped, for the next of the class", () => {
  assertEquals(plan(DEVICES, { skip: ["a"] }).devices, ["b", "c"]);
});

Deno.test("planProbes() leaves new devices alone, and says how long until the first has settled", () => {
  const young = mttyDevice({ id: "young", since: NOW_MS - 4_000 });
  const younger = mttyDevice({ id: "younger", since: NOW_MS - 1_000 });
  assertEquals(plan([younger, young]), {
    devices: [],
    settling: ["young", "younger"],
    nextMs: 6_000,
  });
});

Deno.test("planProbes() takes a device at the moment that it has settled", () => {
  assertEquals(plan([mttyDevice({ id: "a", since: NOW_MS - SETTLE_MS })]).devices, ["a"]);
  assertEquals(plan([mttyDevice({ id: "a", since: NOW_MS - SETTLE_MS + 1 })]).devices, []);
});

Deno.test("planProbes() does not wait for a new device of a class that an older one speaks for", () => {
  const young = mttyDevice({ id: "young", since: NOW_MS });
  assertEquals(plan([young, DEVICES[1]!]), { devices: ["a"], settling: [], nextMs: null });
});

Deno.test("planProbes() never plans two of one class, whichever devices there are", () => {
  const states = ["idle", "in-use", "unknown"] as const;
  for (let seed = 0; seed < 300; seed++) {
    const devices = Array.from({ length: 6 }, (_, i) =>
      mttyDevice({
        id: `${i}`,
        type: `mtty-${(seed * (i + 3)) % 3}`,
        since: ((seed + 1) * (i + 7) * 7919) % (NOW_MS + 1),
        use: { state: states[(seed + i * i) % 3]!, holder: null },
      }));
    const planned = plan(devices).devices.map((id) => devices.find((d) => d.id === id)!);
    assertEquals(new Set(planned.map(({ type }) => type)).size, planned.length);
    for (const { type, since } of planned) {
      const idle = devices.filter((d) => d.type === type && d.use.state === "idle");
      assertEquals(since, Math.min(...idle.map((d) => d.since!)));
    }
  }
});
