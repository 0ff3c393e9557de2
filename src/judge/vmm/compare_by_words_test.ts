/** Checks the comparison by words against a comparison by bytes, on random configuration spaces. */
import { assert, assertEquals } from "@std/assert";
import { compareAsQemu, type PciDifference } from "./compare_pci_config.ts";
import { openAsQemu, type PciSource } from "./open_as_qemu.ts";
import { pciFieldsAt } from "./pci_fields.ts";
import {
  type Matters,
  type PairSetting,
  possibleSettings,
  type QemuPair,
  type QemuSetting,
} from "./qemu_setting.ts";

const UNKNOWN: QemuPair = { source: null, target: null, machineType: null, bus: null };

/** Pseudorandom numbers from 0 up to a bound, the same in every run. */
function makeRandom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
}

const IDS = [0x01, 0x05, 0x09, 0x10, 0x11, 0x12, 0x7f];
const EXTENDED_IDS = [0x00, 0x01, 0x03, 0x0e, 0x10, 0x15, 0x7f];

/** A space with capabilities at random offsets, and with random bytes. */
function randomSpace(random: (bound: number) => number): Uint8Array<ArrayBuffer> {
  const space = new Uint8Array(random(3) === 0 ? 256 : 4096);
  const view = new DataView(space.buffer);
  for (let i = random(60); i > 0; i--) space[random(space.length)] = random(256);
  space[0x06] = 0x10;
  const places = Array.from({ length: random(6) }, () => 0x40 + 4 * random(48));
  places.reduce((pointer, at) => {
    space[pointer] = at;
    space[at] = IDS[random(IDS.length)]!;
    return at + 1;
  }, 0x34);
  if (space.length === 256) return space;
  for (let at = 0x100, left = random(5); left > 0; left--) {
    const next = at + 4 * (3 + random(60));
    const id = EXTENDED_IDS[random(EXTENDED_IDS.length)]!;
    view.setUint32(at, (next * 2 ** 20 | 0x10000 | id) >>> 0, true);
    at = next;
  }
  return space;
}

/** A pair whose target is the source with some bytes changed, or a different space. */
function randomPair(seed: number): Record<"source" | "target", PciSource> {
  const random = makeRandom(seed);
  const space = randomSpace(random);
  const other = random(4) === 0 ? randomSpace(random) : space.slice();
  for (let i = random(12); i > 0; i--) other[random(other.length)]! ^= 1 << random(8);
  const bars = [{ index: 0, size: 0x4000, kind: "mem64", prefetchable: true } as const];
  return { source: { space, bars }, target: { space: other, bars } };
}

/** The differences byte by byte, without cached spaces. */
function byBytes({ source, target }: ReturnType<typeof randomPair>, setting: PairSetting) {
  const { config, cmask, wmask, w1cmask, problem } = openAsQemu({ ...target }, setting.target);
  const sent = openAsQemu({ ...source }, setting.source).config;
  const differences: PciDifference[] = [];
  if (problem !== null || sent.length !== config.length) return { differences, problem };
  for (let i = 0; i < config.length; i++) {
    if (((sent[i]! ^ config[i]!) & cmask[i]! & ~wmask[i]! & ~w1cmask[i]!) === 0) continue;
    const [field] = pciFieldsAt(config, [i]);
    if (field!.at <= (differences.at(-1)?.field.at ?? -1)) continue;
    const read = (bytes: Uint8Array) =>
      bytes.slice(field!.at, field!.at + field!.bytes).reverse().toHex();
    differences.push({ field: field!, source: read(sent), target: read(config) });
  }
  return { differences, problem };
}

Deno.test("compareAsQemu() finds the same as a comparison by bytes, in every setting", () => {
  const outcomes = { same: 0, different: 0, problem: 0, size: 0 };
  for (let seed = 1; seed <= 150; seed++) {
    const pair = randomPair(seed);
    for (const setting of possibleSettings(UNKNOWN)) {
      const found = compareAsQemu(pair.source, pair.target, setting);
      const isSize = found.differences[0]?.field.bytes === 0;
      const told = found.differences.map((difference) => ({ ...difference }));
      assertEquals({ ...found, differences: isSize ? [] : told }, byBytes(pair, setting));
      if (found.problem !== null) outcomes.problem++;
      else if (isSize) outcomes.size++;
      else if (told.length === 0) outcomes.same++;
      else outcomes.different++;
    }
  }
  assert(Object.values(outcomes).every((count) => count > 100), JSON.stringify(outcomes));
});

Deno.test("possibleSettings() with parts that matter equals all settings without the other parts", () => {
  const versions = [null, "7.2", "9.0", "10.0"];
  const pairs = versions.flatMap((source) =>
    versions.flatMap((target) =>
      [null, "pc-q35-9.0", "pc", "virt-10.0"].map((machineType) => ({
        ...UNKNOWN,
        source,
        target,
        machineType,
      }))
    )
  );
  const without = (setting: QemuSetting, matters: Matters): QemuSetting => ({
    bus: matters.bus ? setting.bus : "port",
    showsRebar: matters.showsRebar && setting.showsRebar,
    boundsPowerManagement: matters.boundsPowerManagement && setting.boundsPowerManagement,
    checksVendorSpecific: matters.checksVendorSpecific && setting.checksVendorSpecific,
  });
  for (const [index, pair] of pairs.entries()) {
    const [bus, showsRebar, boundsPowerManagement, checksVendorSpecific] = [1, 2, 4, 8].map((bit) =>
      (index & bit) !== 0
    ) as [boolean, boolean, boolean, boolean];
    const matters = { bus, showsRebar, boundsPowerManagement, checksVendorSpecific };
    const all = possibleSettings(pair).map(({ source, target }) => ({
      source: without(source, matters),
      target: without(target, matters),
    }));
    const distinct = all.filter((setting, at) =>
      all.findIndex((other) => isSame(other, setting)) === at
    );
    assertEquals(possibleSettings(pair, matters), distinct);
  }
});

function isSame(a: PairSetting, b: PairSetting): boolean {
  return (["source", "target"] as const).every((side) =>
    (["bus", "showsRebar", "boundsPowerManagement", "checksVendorSpecific"] as const)
      .every((part) => a[side][part] === b[side][part])
  );
}

Deno.test("openAsQemu() lets the guest write the bits of a BAR above its size", () => {
  const [setting] = possibleSettings(UNKNOWN);
  const writable = (size: number, is64: boolean) => {
    const space = new Uint8Array(256);
    space[0x10] = is64 ? 4 : 0;
    const bars = [{ index: 0, size, kind: "mem64", prefetchable: false } as const];
    return openAsQemu({ space, bars }, setting!.target).wmask.slice(0x10, 0x18).toHex();
  };
  assertEquals(writable(0x4000, false), "00c0ffff00000000");
  assertEquals(writable(0x4000, true), "00c0ffffffffffff");
  assertEquals(writable(2 ** 32, true), "00000000ffffffff");
  assertEquals(writable(2 ** 38, true), "00000000c0ffffff");
});
