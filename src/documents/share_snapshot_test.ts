import { assert, assertEquals, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { mttyDevice, mttySnapshot, mttyType } from "../../tests/fixtures/snapshot.ts";
import { hostWithQemu, mttyOutcome } from "../../tests/fixtures/outcome.ts";
import { tallyOutcomes } from "../ledger/mod.ts";
import { describeIssue } from "./read_as.ts";
import { parseSnapshot, readSnapshot } from "./read_snapshot.ts";
import { formatSnapshot, shareSnapshot } from "./share_snapshot.ts";
import type { Device, DeviceType, Snapshot } from "./snapshot.ts";

function writeAndRead(snapshot: Snapshot): Snapshot {
  return parseSnapshot(JSON.parse(formatSnapshot(snapshot)));
}

/** Pseudorandom numbers, the same in every run. */
function makeRandom(seed: number): <T>(...choices: readonly T[]) => T {
  let state = seed;
  return (...choices) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return choices[Math.floor(state / 2 ** 32 * choices.length)]!;
  };
}

/** A host whose entries have much in common; some are equal, completely different, or have unknown fields. */
function randomSnapshot(seed: number): Snapshot {
  const pick = makeRandom(seed);
  const { driver, migration, pciConfig } = mttyDevice();
  const change = (): Record<string, unknown> => ({
    type: pick("mtty-1", "mtty-2", "other"),
    parent: pick("mtty", "mtty1"),
    driver: pick(null, driver, { ...driver!, version: "2" }, { ...driver!, name: "__proto__" }),
    migration: pick(migration, { ...migration, uapi: "v1" }, structuredClone(migration)),
    pciConfig: pick(null, pciConfig, structuredClone(pciConfig)),
    facts: pick({}, { traits: ["a"] }, { traits: ["a", "b"], like: "d1" }),
    ...pick({}, { unknown: { to: "us" } }, { directory: "/mine" }, { version: null }),
  });
  const count = pick(0, 1, 2, 7, 30);
  const ids: string[] = Array.from({ length: count }, (_, n) => pick(`${n}`, `${n}/x`, `{id}${n}`));
  return mttySnapshot({
    devices: ids.map((id) =>
      mttyDevice({
        ...change() as Partial<Device>,
        kind: pick("mdev", "pci"),
        id,
        sysfs: pick(`/sys/devices/mtty/${id}`, `/sys/other/${id}`, `/sys/elsewhere`, ""),
        since: pick(null, 1, 2),
        iommuGroup: pick(
          null,
          { id, name: null, type: pick<string | null>("DMA", null) },
          ...pick<Device["iommuGroup"][]>([], [{ id, name: null, type: null, ...{ more: 1 } }]),
        ),
        use: pick(
          { state: "idle", holder: null },
          { state: "in-use", holder: { pid: 1, name: "qemu", node: id } },
        ),
      })
    ),
    types: Array.from({ length: pick(0, 1, 9) }, () => mttyType(change() as Partial<DeviceType>)),
  });
}

Deno.test("readSnapshot() restores every snapshot from the output of formatSnapshot()", () => {
  for (let seed = 0; seed < 200; seed++) {
    const snapshot = randomSnapshot(seed);
    assertEquals(writeAndRead(snapshot), snapshot, `seed ${seed}`);
  }
});

Deno.test("formatSnapshot() writes one line for each device, and equal parts once", () => {
  const devices = Array.from({ length: 1_000 }, (_, n) => {
    const id = `83b8f4f2-509f-4c1a-9b0e-${String(n).padStart(12, "0")}`;
    return mttyDevice({
      id,
      sysfs: `/sys/devices/virtual/mtty/mtty/${id}`,
      iommuGroup: { id: `${n}`, name: "vfio-noiommu", type: "unknown" },
      nodes: { cdev: `/dev/vfio/devices/vfio${n}`, group: `/dev/vfio/${n}` },
      since: 1_795_667_158_247 + n,
    });
  });
  const snapshot = mttySnapshot({ devices });
  const text = formatSnapshot(snapshot);
  assert(text.length < 300_000, `${text.length} bytes`);
  const lines = text.split("\n");
  assertEquals(lines.filter((line) => line.includes('"like":"d1"')).length, 1_000);
  const { version, srcversion } = mttyDevice().driver!;
  const driver = JSON.stringify({ version, srcversion }).slice(1, -1);
  assertEquals(text.split(driver).length, 2);
});

Deno.test("shareSnapshot() does not change parts that occur once", () => {
  const alone = mttyDevice({ parentDriver: null });
  const { devices, shared } = shareSnapshot(mttySnapshot({
    devices: [alone],
    types: [],
  }));
  assertEquals([devices as unknown, shared], [[alone], undefined]);
});

Deno.test("readSnapshot() makes one object of equal parts", () => {
  const devices = ["a", "b"].map((id) => structuredClone(mttyDevice({ id })));
  const { devices: [a, b], types: [type] } = writeAndRead(mttySnapshot({ devices }));
  assertStrictEquals(a!.migration, b!.migration);
  assertStrictEquals(a!.pciConfig, type!.pciConfig);
});

/** Documents with one error, and the path and words of the expected issue. */
const WRONG: readonly [
  what: string,
  change: (document: Json) => void,
  path: string,
  words: string,
][] = [
  [
    "a driver that is not in the table",
    ({ devices }) => devices[0].driver = "gone",
    "devices.0.driver",
    '"gone"',
  ],
  [
    "a like that is not in the table",
    ({ devices }) => devices[1].like = "d9",
    "devices.1.like",
    '"d9"',
  ],
  [
    "a property name of Object",
    ({ devices }) => devices[1].like = "toString",
    "devices.1.like",
    "toString",
  ],
  ["a type's migration", ({ types }) => types[0].migration = "m9", "types.0.migration", '"m9"'],
  ["a missing field", ({ shared }) => delete shared.devices.d1.facts, "devices.0.facts", "missing"],
  [
    "an inline part",
    ({ devices }) => devices[0].driver = { name: 1 },
    "devices.0.driver.name",
    "",
  ],
  [
    "a shared part",
    ({ shared }) => shared.migrations[Object.keys(shared.migrations)[0]!].uapi = "v9",
    "shared.migrations.1.uapi",
    "",
  ],
  [
    "a merged field that lacks a part",
    ({ shared }) => delete shared.devices.d1.iommuGroup.id,
    "devices.0.iommuGroup.id",
    "",
  ],
  ["a like that is not a text", ({ devices }) => devices[0].like = 1, "devices.0.like", ""],
];

// deno-lint-ignore no-explicit-any
type Json = any;

for (const [what, change, path, words] of WRONG) {
  Deno.test(`readSnapshot() refuses ${what} and names the place`, () => {
    const document = JSON.parse(formatSnapshot(mttySnapshot({
      devices: ["a", "b", "c"].map((id) => mttyDevice({ id })),
    })));
    change(document);
    const { issues } = readSnapshot(document);
    assert(issues !== undefined);
    assertEquals(issues[0].pointer, `/${path.replaceAll(".", "/")}`);
    assertStringIncludes(describeIssue(issues[0]), words);
  });
}

Deno.test("readSnapshot() gives the outcomes that a snapshot was written with, and names a wrong one", () => {
  const host = hostWithQemu();
  const outcomes = tallyOutcomes([mttyOutcome()], host.host);
  const document = JSON.parse(formatSnapshot({ ...host, outcomes }));
  assertEquals(parseSnapshot(document).outcomes, outcomes);
  assertEquals("outcomes" in JSON.parse(formatSnapshot(host)), false);
  document.outcomes[0].ok.count = -1;
  assertEquals(readSnapshot(document).issues?.map(({ pointer }) => pointer), [
    "/outcomes/0/ok/count",
  ]);
});
