import { assertEquals } from "@std/assert";
import { capabilities } from "../../tests/fixtures/capabilities.ts";
import { mttyDevice } from "../../tests/fixtures/snapshot.ts";
import type { Device } from "../documents/mod.ts";
import { classKey, classOfDevice, deviceKey } from "../state/device_class.ts";
import { noObservations, type Observations } from "../state/observations.ts";
import { type DueProbes, listDueProbes, type ProbeMode } from "./due_probes.ts";

const NOW_MS = 100_000;
const SETTLE_MS = 10_000;
const NOTHING: DueProbes = { devices: [], settling: [], nextMs: null };

/** Devices of two classes: `a` is the oldest of one, `c` is alone in the other. */
const DEVICES = [
  mttyDevice({ id: "b", since: 2_000 }),
  mttyDevice({ id: "a", since: 1_000 }),
  mttyDevice({ id: "c", since: 3_000, type: "mtty-1" }),
];

function due(
  devices: readonly Device[],
  { mode = "representative", observations = noObservations("boot"), skip = [] }: {
    mode?: ProbeMode;
    observations?: Observations;
    skip?: readonly string[];
  } = {},
): DueProbes {
  return listDueProbes(devices, observations, {
    mode,
    settleMs: SETTLE_MS,
    nowMs: NOW_MS,
    skip: new Set(skip),
  });
}

/** The observations after devices answered: each by device, the first of a class also by class. */
function answered(...devices: Device[]): Observations {
  const observations = noObservations("boot");
  for (const device of devices) {
    observations.byDevice[deviceKey(device)] = capabilities(device.id);
    observations.byClass[classKey(classOfDevice(device))] ??= capabilities(device.id);
  }
  return observations;
}

Deno.test("listDueProbes() takes the oldest device of each class", () => {
  assertEquals(due(DEVICES).devices, ["a", "c"]);
  assertEquals(due(DEVICES.toReversed()).devices, ["a", "c"]);
});

Deno.test("listDueProbes() skips a class that has an answer", () => {
  assertEquals(due(DEVICES, { observations: answered(DEVICES[0]!) }).devices, ["c"]);
});

Deno.test("listDueProbes() asks a representative again, once, after it was bound again", () => {
  const observations = answered({ ...DEVICES[1]!, bound: "5" });
  const rebound = { ...DEVICES[1]!, bound: "6" };
  assertEquals(due([DEVICES[0]!, rebound], { observations }).devices, ["a"]);
  observations.byDevice[deviceKey(rebound)] = capabilities("a");
  assertEquals(due([DEVICES[0]!, rebound], { observations }).devices, []);
});

Deno.test("listDueProbes() takes each device without an answer of its own in mode each", () => {
  assertEquals(due(DEVICES, { mode: "each" }).devices, ["a", "b", "c"]);
  const observations = answered(DEVICES[0]!);
  assertEquals(due(DEVICES, { mode: "each", observations }).devices, ["a", "c"]);
});

Deno.test("listDueProbes() takes no device in mode never", () => {
  assertEquals(due(DEVICES, { mode: "never" }), NOTHING);
});

Deno.test("listDueProbes() skips a device that is in use or may be in use", () => {
  for (const state of ["in-use", "unknown"] as const) {
    const held = mttyDevice({ id: "a", use: { state, holder: null } });
    assertEquals(due([held], { mode: "each" }), NOTHING);
    assertEquals(due([held, ...DEVICES.slice(0, 1)]).devices, ["b"]);
  }
});

Deno.test("listDueProbes() skips a device without a node", () => {
  assertEquals(due([mttyDevice({ nodes: { cdev: null, group: null } })]), NOTHING);
});

Deno.test("listDueProbes() takes the next device of the class in place of a skipped one", () => {
  assertEquals(due(DEVICES, { skip: ["a"] }).devices, ["b", "c"]);
});

Deno.test("listDueProbes() leaves new devices alone and says when the first has settled", () => {
  const young = mttyDevice({ id: "young", since: NOW_MS - 4_000 });
  const younger = mttyDevice({ id: "younger", since: NOW_MS - 1_000 });
  assertEquals(due([younger, young]), {
    devices: [],
    settling: ["young", "younger"],
    nextMs: 6_000,
  });
});

Deno.test("listDueProbes() takes a device as soon as it has settled", () => {
  assertEquals(due([mttyDevice({ id: "a", since: NOW_MS - SETTLE_MS })]).devices, ["a"]);
  assertEquals(due([mttyDevice({ id: "a", since: NOW_MS - SETTLE_MS + 1 })]).devices, []);
});

Deno.test("listDueProbes() does not wait for a new device if an older one answers for its class", () => {
  const young = mttyDevice({ id: "young", since: NOW_MS });
  assertEquals(due([young, DEVICES[1]!]), { devices: ["a"], settling: [], nextMs: null });
});

Deno.test("listDueProbes() never takes two devices of one class", () => {
  const states = ["idle", "in-use", "unknown"] as const;
  for (let seed = 0; seed < 300; seed++) {
    const devices = Array.from({ length: 6 }, (_, i) =>
      mttyDevice({
        id: `${i}`,
        type: `mtty-${(seed * (i + 3)) % 3}`,
        since: ((seed + 1) * (i + 7) * 7919) % (NOW_MS + 1),
        use: { state: states[(seed + i * i) % 3]!, holder: null },
      }));
    const asked = due(devices).devices.map((id) => devices.find((d) => d.id === id)!);
    assertEquals(new Set(asked.map(({ type }) => type)).size, asked.length);
    for (const { type, since } of asked) {
      const idle = devices.filter((d) => d.type === type && d.use.state === "idle");
      assertEquals(since, Math.min(...idle.map((d) => d.since!)));
    }
  }
});

Deno.test("listDueProbes() asks a device again that came free, but not one that is held or was just asked", () => {
  const observations = answered(...DEVICES);
  const again = (mode: ProbeMode, skip: string[] = [], devices: readonly Device[] = DEVICES) =>
    listDueProbes(devices, observations, {
      ...{ mode, settleMs: SETTLE_MS, nowMs: NOW_MS, skip: new Set(skip) },
      again: new Set(["b"]),
    }).devices;
  assertEquals(again("representative"), ["b"]);
  assertEquals(again("each"), ["b"]);
  assertEquals([again("never"), again("each", ["b"])], [[], []]);
  const held = DEVICES.map((device) => ({
    ...device,
    use: { state: "in-use" as const, holder: null },
  }));
  assertEquals(again("representative", [], held), []);
});
