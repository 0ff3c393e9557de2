/** Compares the model of QEMU with real results from docs/migrated-pairs.md, without a virtual machine. */
import { assert, assertEquals } from "@std/assert";
import type { PciBar } from "../src/documents/mod.ts";
import { compareAsQemu, possibleSettings, type QemuPair } from "../src/judge/vmm/mod.ts";
import { alteredSpace, ELSEWHERE, OF_V1, ON_PORT, ORIGINAL } from "./vm/pci_alterations.ts";

const BUSES = {
  "below a root port": "port",
  "on pcie.0": "root-complex",
  "on pci.0": "conventional",
};

/** The rows of the tables, each with the QEMU from its heading. */
function* rows(): Generator<{ pair: QemuPair; name: string; migrated: boolean }> {
  const text = Deno.readTextFileSync(new URL("../docs/migrated-pairs.md", import.meta.url));
  let pair: QemuPair | null = null;
  for (const line of text.split("\n")) {
    const heading = /^### QEMU (\S+), (\S+), (.*), migration/.exec(line);
    if (heading !== null) {
      const [, version, machineType, place] = heading as unknown as [
        string,
        string,
        string,
        string,
      ];
      const bus = BUSES[place as keyof typeof BUSES] as QemuPair["bus"];
      pair = { source: version, target: version, machineType, bus };
    }
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    if (pair === null || cells.length !== 6 || /^(-+|what .*)$/.test(cells[1]!)) continue;
    yield { pair, name: cells[1]!, migrated: cells[4] === "migrated" };
  }
}

/** The BARs of a configuration space: the registers contain their kinds, `sizes` their sizes. */
function barsOf(space: Uint8Array, sizes: readonly number[]): PciBar[] {
  return sizes.flatMap((size, index): PciBar[] => {
    const low = space[0x10 + 4 * index]!;
    const kind = (low & 1) !== 0 ? "io" : (low & 4) !== 0 ? "mem64" : "mem32";
    return size === 0 ? [] : [{ index, size, kind, prefetchable: (low & 8) !== 0 }];
  });
}

function sourceOf(name: string) {
  const all = [ON_PORT, ...Object.values(ELSEWHERE), OF_V1].flat();
  const { size = ORIGINAL.size, bars = ORIGINAL.bars, ...alteration } = all.find((alteration) =>
    alteration.name === name
  )!;
  const space = alteredSpace(alteration).subarray(0, size);
  return { space, bars: barsOf(space, bars) };
}

Deno.test("the model agrees with QEMU on every pair in docs/migrated-pairs.md", () => {
  const wrong: string[] = [];
  let tried = 0;
  for (const { pair, name, migrated } of rows()) {
    const [setting, ...others] = possibleSettings(pair);
    assertEquals(others, []);
    const { differences, problem } = compareAsQemu(sourceOf("nothing"), sourceOf(name), setting!);
    const refuses = differences.length > 0 || problem !== null;
    if (refuses === migrated) wrong.push(`${pair.machineType} ${pair.bus}: ${name}`);
    tried++;
  }
  assertEquals(wrong, []);
  assert(tried >= 100, `${tried} pairs`);
});
