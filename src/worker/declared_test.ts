import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  DEVLINK_ATTR_INFO_VERSION_RUNNING,
  DEVLINK_PORT_FLAVOUR_PCI_VF,
} from "../../ffi/devlink.ts";
import { capabilities } from "../../tests/fixtures/capabilities.ts";
import { simulateWorld } from "../../tests/fixtures/world.ts";
import { Capabilities } from "../documents/mod.ts";
import { type FakeDevice, fakeDevlink, info, port } from "../host/devlink/devlink_testing.ts";
import { addDeclared } from "./declared.ts";
import { capabilitiesOf } from "../tasks/mod.ts";
import { runTask } from "./run_task.ts";
import { findDevice } from "../host/mod.ts";

/** The last of eight virtual functions of 0000:c1:00.0, whose addresses have two device numbers. */
const LAST = "0000:c1:01.1";
const flavour = DEVLINK_PORT_FLAVOUR_PCI_VF;
const MLX5: FakeDevice = {
  info: info("mlx5_core", null, [[DEVLINK_ATTR_INFO_VERSION_RUNNING, "fw", "28.43.1014"]]),
  ports: Array.from({ length: 8 }, (_, vf) => port(vf, { flavour, vf, migratable: vf === 7 })),
};

/** What is added to the answer of a device. The simulated kernel has these functions in devlink. */
function declared(
  device: string,
  devices: Readonly<Record<string, FakeDevice>>,
  scenario = "nic-host",
) {
  using host = simulateWorld(scenario);
  const sys = fakeDevlink(devices);
  const world = { ...host.world, syscalls: () => sys };
  const { declared, problems } = addDeclared(
    world,
    findDevice(world.roots, device),
    capabilities(device),
  );
  assertEquals(sys.openSockets, 0);
  return { declared, problems, asked: sys.asked.length };
}

Deno.test("addDeclared() asks the physical function for a virtual one, by its number", () => {
  const devices = { "pci/0000:c1:00.0": MLX5 };
  for (const [device, migratable] of [[LAST, true], ["0000:c1:00.2", false]] as const) {
    const { declared: found, problems } = declared(device, devices);
    assertEquals([found?.firmware, found?.migratable, problems], ["28.43.1014", migratable, []]);
    const document = { ...capabilities(device), declared: found };
    assertEquals(Capabilities.parse(JSON.parse(JSON.stringify(document))), document);
  }
});

Deno.test("addDeclared() declares nothing if devlink does not know the physical function", () => {
  const { declared: found, problems } = declared(LAST, { "pci/0000:c1:00.1": MLX5 });
  assertEquals([found, problems], [{ firmware: null, migratable: null }, []]);
});

Deno.test("addDeclared() reports a failed request as a problem of the device", () => {
  const { declared: found, problems } = declared(LAST, { "pci/0000:c1:00.0": { info: "EIO" } });
  assertEquals([found, problems.length], [undefined, 1]);
  assertEquals([problems[0]!.code, problems[0]!.subject], ["kernel", LAST]);
  assertStringIncludes(problems[0]!.sentence, "EIO");
});

Deno.test("addDeclared() asks nothing for a device that is not a PCI function", () => {
  const { declared: found, asked } = declared("c40d81ae-6b92-4e1f-8d37-0f5a29e6b703", {
    "pci/0000:c1:00.0": MLX5,
  }, "gpu-host");
  assertEquals([found, asked], [undefined, 0]);
});

Deno.test("runTask() probes a PCI function without netlink and declares nothing", async () => {
  using host = simulateWorld("nic-host");
  const task = { do: "probe", device: LAST, path: "any" } as const;
  const capabilities = capabilitiesOf(await runTask(host.world, task, { deadlineMs: 60_000 }));
  assertEquals(capabilities?.declared, { firmware: null, migratable: null });
  assertEquals(capabilities?.problems, []);
});
