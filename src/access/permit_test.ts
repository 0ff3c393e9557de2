import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { type SimulatedWorld, simulateWorld } from "../../tests/fixtures/world.ts";
import { shippedRules } from "../judge/rules/mod.ts";
import type { TestTarget, WorkerTask } from "../tasks/mod.ts";
import { permit, type WorkerPolicy } from "./permit.ts";

const POLICY: WorkerPolicy = {
  mode: "mdev",
  create: false,
  settleMs: 0,
  probe: true,
  drivers: null,
};
const MDEV = "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2";

/** The outcome of a task that is refused; null for one that is permitted. */
function refused(host: SimulatedWorld, task: WorkerTask, policy: Partial<WorkerPolicy> = {}) {
  const result = permit(task, {
    roots: host.world.roots,
    policy: { ...POLICY, ...policy },
    rules: shippedRules,
    nowMs: () => host.clock.ms,
  });
  return result?.outcome ?? null;
}

const probe = (device: string): WorkerTask => ({ do: "probe", device, path: "any" });
const test = (target: TestTarget, base64 = "AAAA"): WorkerTask => ({
  do: "test",
  target,
  path: "any",
  settleMs: 0,
  base64,
  phase: "pre-copy",
  controls: true,
});
const read = (target: TestTarget): WorkerTask => ({
  do: "read-initial-data",
  target,
  path: "any",
  settleMs: 0,
  stopCopyBytes: null,
});

Deno.test("permit() allows to probe a settled device of a listed driver", () => {
  using host = simulateWorld("mixed");
  assertEquals(refused(host, probe(MDEV)), null);
  assertEquals(refused(host, probe(MDEV), { drivers: ["mtty"] }), null);
  assertEquals(refused(host, probe(MDEV), { drivers: ["vfio-pci"] }), "not-permitted");
  assertEquals(refused(host, probe(MDEV), { probe: false }), "not-permitted");
  assertEquals(refused(host, probe(MDEV), { settleMs: 1e13 }), "new");
});

Deno.test("permit() refuses names that are paths, or that no device has", () => {
  using host = simulateWorld("mixed");
  for (const name of ["../../../etc", "", ".", "..", "a/b", "a\0b", "0000:ff:00.0"]) {
    assertEquals(refused(host, probe(name)), "failed", name);
    assertEquals(refused(host, test({ device: name })), "failed", name);
    assertEquals(refused(host, read({ type: name, parent: "mtty" }), { create: true }), "failed");
    assertEquals(
      refused(host, test({ type: "mtty-2", parent: name }), { create: true }),
      "failed",
    );
  }
  assertEquals(refused(host, { do: "recover", device: "../lock", settleMs: 0 }), "failed");
});

Deno.test("permit() allows the tests of the worker's own mode, whatever the server asks", () => {
  using mdevs = simulateWorld("mixed");
  for (const task of [test({ device: MDEV }), read({ device: MDEV })]) {
    assertEquals(refused(mdevs, task), null);
    assertEquals(refused(mdevs, task, { mode: "never" }), "not-permitted");
    assertEquals(refused(mdevs, task, { drivers: ["vfio-pci"] }), "not-permitted");
  }
  using nics = simulateWorld("nic-host");
  const [hisi, mlx5] = ["0000:c1:00.2", "0000:c1:01.1"];
  const modes = (device: string) =>
    (["never", "mdev", "idle", "load"] as const)
      .filter((mode) => refused(nics, test({ device }), { mode }) === null);
  // The driver of these virtual functions loads the state in the write.
  assertEquals([modes(hisi!), modes(mlx5!)], [["load"], ["load"]]);
});

Deno.test("permit() allows to create a device only if the worker may", () => {
  using host = simulateWorld("mixed");
  const target = { type: "mtty-2", parent: "mtty" };
  assertEquals(refused(host, test(target)), "not-permitted");
  assertEquals(refused(host, test(target), { create: true }), null);
  assertEquals(refused(host, test(target), { create: true, mode: "never" }), "not-permitted");
  assertEquals(refused(host, test({ ...target, type: "none" }), { create: true }), "failed");
});

Deno.test("permit() refuses initial data that no request can have", () => {
  using host = simulateWorld("mixed");
  assertEquals(refused(host, test({ device: MDEV }, "A".repeat((4 << 20) + 1))), "not-permitted");
});

Deno.test("permit() allows to write a version only to a version attribute in sysfs", () => {
  using host = simulateWorld("mixed");
  const { sys } = host.world.roots;
  const types = join(sys, "class/mdev_bus/mtty/mdev_supported_types/mtty-2");
  const attribute = join(types, "migration_version");
  const secret = join(host.directory, "secret");
  for (const path of [attribute, secret]) Deno.writeTextFileSync(path, "");
  const link = join(host.directory, "migration_version");
  Deno.symlinkSync(secret, link);
  const write = (path: string, policy = {}) =>
    refused(host, { do: "test-version", attribute: path, version: "v1" }, policy);
  assertEquals(write(attribute), null);
  assertEquals(write(attribute, { mode: "never" }), "not-permitted");
  const wrong = [secret, link, join(types, "create"), "/etc/passwd", `${types}/../x/version`];
  for (const path of wrong) assertEquals(write(path), "not-permitted", path);
});

Deno.test("permit() says that it is the worker's configuration, and what to change", () => {
  using host = simulateWorld("mixed");
  const result = permit(probe(MDEV), {
    roots: host.world.roots,
    policy: { ...POLICY, drivers: ["vfio-pci"] },
    rules: shippedRules,
    nowMs: () => host.clock.ms,
  })!;
  assertStringIncludes(result.sentence, "The configuration of the worker does not allow this");
  assertStringIncludes(result.remedy!, "--drivers");
});

Deno.test("permit() allows to reset a device like a probe, and never to remove one", () => {
  using host = simulateWorld("mixed");
  const repair = (device: string, remake = false): WorkerTask => ({
    ...{ do: "repair", device, remake },
  });
  assertEquals(refused(host, repair(MDEV)), null);
  assertEquals(refused(host, repair(MDEV), { probe: false }), "not-permitted");
  assertEquals(refused(host, repair("../x")), "failed");
  assertEquals(refused(host, repair(MDEV, true)), "not-permitted");
});
