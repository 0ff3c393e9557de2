import { assert, assertEquals } from "@std/assert";
import type { Scenario, SimulatedDevice } from "../scenario.ts";
import { driversOf, groupNode, moduleOf } from "../topology.ts";
import { SCENARIOS } from "./scenarios.ts";

const ALL = Object.values(SCENARIOS);

function bound({ devices }: Scenario): readonly SimulatedDevice[] {
  return devices.filter(({ vfio }) => vfio !== null);
}

function assertUnique(values: readonly unknown[], what: string): void {
  assertEquals(new Set(values).size, values.length, what);
}

Deno.test("SCENARIOS name each device, VFIO number, process and module only once", () => {
  for (const scenario of ALL) {
    assertUnique(scenario.devices.map(({ id }) => id), scenario.host.name);
    assertUnique(scenario.devices.map(({ directory }) => directory), scenario.host.name);
    assertUnique(bound(scenario).map(({ vfio }) => vfio!.index), scenario.host.name);
    assertUnique(scenario.processes.map(({ pid }) => pid), scenario.host.name);
    assertUnique(scenario.modules.map(({ name }) => name), scenario.host.name);
  }
});

Deno.test("SCENARIOS have the driver of every device, and its module", () => {
  for (const scenario of ALL) {
    const drivers = driversOf(scenario);
    for (const { subsystem, driver } of scenario.devices) {
      if (driver === null || !("bus" in subsystem)) continue;
      assert(drivers.has(`${subsystem.bus}:${driver}`), driver);
      assert(scenario.modules.some(({ name }) => name === moduleOf(driver)), driver);
    }
  }
});

Deno.test("SCENARIOS hold only existing nodes", () => {
  for (const scenario of ALL) {
    const nodes = bound(scenario).flatMap((device) => [
      `/dev/vfio/${groupNode(device)}`,
      `/dev/vfio/devices/vfio${device.vfio!.index}`,
    ]);
    const known = new Set([...nodes, "/dev/vfio/vfio"]);
    const held = scenario.processes.flatMap(({ files }) => files)
      .filter((file) => file.startsWith("/dev/vfio/"));
    assert(held.length > 0);
    for (const file of held) assert(known.has(file), `${scenario.host.name}: ${file}`);
  }
});

Deno.test("SCENARIOS map BARs at multiples of their size, without overlaps", () => {
  for (const { host: { name }, devices } of ALL) {
    const bars = devices.flatMap(({ pci }) => pci?.bars ?? [])
      .toSorted((a, b) => a.address - b.address);
    bars.forEach(({ address, size }, i) => {
      assertEquals(address % size, 0, `${name}: ${address.toString(16)}`);
      const next = bars[i + 1];
      assert(next === undefined || address + size <= next.address, `${name}: ${address}`);
    });
  }
});

Deno.test("SCENARIOS have room for their capabilities and initial data", () => {
  for (const device of ALL.flatMap(bound)) {
    const { guest, migration } = device.vfio!;
    let end = 0x40;
    for (const { offset, body } of guest?.capabilities ?? []) {
      assert(offset >= end && offset % 4 === 0, `${device.id}: ${offset}`);
      end = offset + 2 + body.length / 2;
    }
    assert(end <= 256);
    if (migration?.uapi !== "v2" || migration.initialData === null) continue;
    assert(migration.initialData.length / 2 <= migration.stopCopyBytes);
  }
});

Deno.test("SCENARIOS leave every type room for one more instance, or none", () => {
  for (const { devices } of ALL) {
    for (const { type, availableInstances } of devices.flatMap(({ mdevTypes }) => mdevTypes)) {
      assert(Number.isInteger(availableInstances) && availableInstances >= 0, type);
    }
    for (const { id, directory, mdevType } of devices) {
      if (mdevType === null) continue;
      const parent = devices.find((device) => `${device.directory}/${id}` === directory);
      assert(parent?.mdevTypes.some(({ type }) => type === mdevType), id);
    }
  }
});
