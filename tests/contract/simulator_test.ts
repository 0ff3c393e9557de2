import { join } from "@std/path";
import { plantHost, SCENARIOS, simulateSyscalls } from "../../src/simulator/mod.ts";
import { lastPart, listVfioDevices, readDevice } from "../../src/host/mod.ts";
import { CONTRACT, type ContractCase } from "./mod.ts";

/** An idle mtty-2, mtty-1 and mdpy-vga, and a function with the migration region of v1. */
const MIGRATABLE = "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2";
const OTHER = "83b8f4f2-509f-4c1a-9b0e-6d2c7a41e0a1";
const V1 = "0000:3f:01.0";
const PLAIN = "5e0d94a6-cb12-4a7f-9d3b-27f81c60e4d4";

/** A simulated host with idle devices of both kinds for one case. */
async function withSimulatedHost(run: ContractCase["run"]): Promise<void> {
  const scenario = SCENARIOS.mixed!;
  const directory = Deno.makeTempDirSync();
  try {
    const roots = plantHost(scenario, directory);
    const sys = simulateSyscalls(scenario, roots);
    const find = (id: string) =>
      readDevice(roots, listVfioDevices(roots).find(({ path }) => lastPart(path) === id)!);
    await run({
      roots,
      openSyscalls: () => Object.assign(Object.create(sys), { [Symbol.dispose]() {} }),
      subjects: {
        migratable: find(MIGRATABLE),
        other: find(OTHER),
        v1: find(V1),
        plain: find(PLAIN),
      },
      countDescriptors: () => sys.openDescriptors,
    });
  } finally {
    Deno.removeSync(join(directory), { recursive: true });
  }
}

const skips = new Map<string, string>();
await withSimulatedHost((host) => {
  for (const { name, skip } of CONTRACT) {
    const reason = skip?.(host) ?? null;
    if (reason !== null) skips.set(name, reason);
  }
});

for (const { name, run } of CONTRACT) {
  const reason = skips.get(name);
  Deno.test({
    name: `simulator: ${name}${reason === undefined ? "" : ` (${reason})`}`,
    ignore: reason !== undefined,
    fn: () => withSimulatedHost(run),
  });
}
