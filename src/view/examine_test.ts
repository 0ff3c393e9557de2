import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { type SimulatedWorld, simulateWorld } from "../../tests/fixtures/world.ts";
import { type Examination, examine } from "./examine.ts";
import { observeHost } from "./observe.ts";
import { PROBE_DEFAULTS } from "./due_probes.ts";

const FUNCTION = "0000:c1:01.2";

async function examineWorld({ world }: SimulatedWorld): Promise<Examination> {
  const observed = await observeHost(world, {
    ...PROBE_DEFAULTS,
    settleMs: 0,
  });
  return examine(world, observed, { mayAsk: true, software: null });
}

function plantAliases({ world, scenario }: SimulatedWorld, text: string): void {
  const directory = join(world.roots.sys, "../lib/modules", scenario.host.kernel);
  Deno.mkdirSync(directory, { recursive: true });
  Deno.writeTextFileSync(join(directory, "modules.alias"), text);
}

const deviceIn = ({ devices }: Examination, id: string) =>
  devices.find(({ device }) => device.id === id);

Deno.test("examine() finds variant drivers in the kernel's list, also for functions on other drivers", async () => {
  await using host = simulateWorld("nic-host");
  plantAliases(host, "alias vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i* acme_vfio_pci\n");
  const found = await examineWorld(host);
  const variant = { module: "acme_vfio_pci", driver: "acme_vfio_pci" };
  assertEquals(deviceIn(found, FUNCTION)?.variant, variant);
  assertEquals(found.functions.map(({ id, driver }) => [id, driver?.name]), [
    ["0000:c1:01.6", "mlx5_core"],
    ["0000:c1:01.7", "mlx5_core"],
    ["0000:c1:02.0", "mlx5_core"],
    ["0000:c1:02.1", "mlx5_core"],
  ]);
  assertEquals([found.host.aliases, found.problems], [true, []]);
});

Deno.test("examine() uses a loaded variant driver if it cannot see the list", async () => {
  await using host = simulateWorld("nic-host");
  const found = await examineWorld(host);
  assertEquals(found.host.aliases, false);
  assertEquals(deviceIn(found, FUNCTION)?.variant?.module, "mlx5_vfio_pci");
  Deno.removeSync(join(host.world.roots.sys, "bus/pci/drivers/mlx5_vfio_pci"), { recursive: true });
  const without = deviceIn(await examineWorld(host), FUNCTION);
  assertEquals([without?.variant, without?.upstream?.since], [null, "5.18"]);
});

Deno.test("examine() names strangers in a group, unreadable devices, and results of asking", async () => {
  await using host = simulateWorld("mixed");
  const found = await examineWorld(host);
  assertEquals(deviceIn(found, "0000:06:00.0")?.strangers, [
    { id: "0000:06:00.1", driver: "snd_hda_intel" },
  ]);
  assertEquals(deviceIn(found, "0000:6b:00.2")?.asked?.outcome, "answered");
  assertEquals(deviceIn(found, "0000:6b:00.1")?.asked?.device, "0000:6b:00.2");
  assertEquals(found.unreadable.map(({ id }) => id), ["0000:0a:00.0"]);
  assertEquals([found.host.iommufd, found.host.iommu.groups], [true, true]);
});

Deno.test("examine() reports a broken part of sysfs as a problem", async () => {
  await using host = simulateWorld("mixed");
  plantAliases(host, "");
  const path = join(host.world.roots.sys, "../lib/modules", host.scenario.host.kernel);
  Deno.removeSync(join(path, "modules.alias"));
  Deno.mkdirSync(join(path, "modules.alias"));
  const { problems, devices } = await examineWorld(host);
  assertEquals(problems.map(({ subject }) => subject), ["modules.alias"]);
  assertEquals(devices.length, 15);
});
