import { assertEquals, assertStringIncludes } from "@std/assert";
import { simulateWorld } from "../../tests/fixtures/world.ts";
import { Capabilities } from "../documents/mod.ts";
import { runTask } from "./run_task.ts";
import { capabilitiesOf, type OpenPath, WorkerResult } from "../tasks/worker_tasks.ts";
import type { WorkerWorld } from "./world.ts";

const IDLE = "c40d81ae-6b92-4e1f-8d37-0f5a29e6b703";
const HELD = "3a6f0d52-8c1e-4b7a-9f25-61d0e4c7a101";
function probe(world: WorkerWorld, device: string, path: OpenPath = "any"): Promise<WorkerResult> {
  return runTask(world, { do: "probe", device, path }, { deadlineMs: 60_000 });
}

/** The nodes of the idle device: its group and its cdev. */
const GROUP = "/dev/vfio/122";

Deno.test("runTask() probes an idle device and returns its whole answer", async () => {
  using host = simulateWorld("gpu-host");
  const result = await probe(host.world, IDLE);
  const document = JSON.parse(JSON.stringify(result));
  assertEquals(WorkerResult.parse(document), document);
  assertEquals([result.outcome, result.holder], ["done", null]);
  const capabilities = capabilitiesOf(result);
  assertEquals(Capabilities.parse(document.found.capabilities).device, IDLE);
  assertEquals([capabilities?.migration.uapi, capabilities?.path], ["v2", "cdev"]);
});

Deno.test("runTask() probes by the given path", async () => {
  using host = simulateWorld("gpu-host");
  for (const path of ["cdev", "group"] as const) {
    assertEquals(capabilitiesOf(await probe(host.world, IDLE, path))?.path, path);
  }
});

Deno.test("runTask() does not probe a device that a process holds", async () => {
  using host = simulateWorld("gpu-host");
  const syscalls = () => {
    throw new Error("opened");
  };
  const result = await probe({ ...host.world, syscalls }, HELD);
  assertEquals([result.outcome, result.found, result.check], ["in-use", null, null]);
  assertEquals(result.holder?.name, "qemu-system-x86");
  assertStringIncludes(result.sentence, `${HELD} is in use by qemu-system-x86 (pid `);
});

/** The errno of opening a group, and the outcome of the task. */
const REFUSALS: readonly (readonly [string, WorkerResult["outcome"]])[] = [
  ["EBUSY", "in-use"],
  ["EPERM", "not-permitted"],
  ["EACCES", "not-permitted"],
  ["ENODEV", "gone"],
  ["ENOENT", "gone"],
  ["EIO", "failed"],
];

for (const [errno, outcome] of REFUSALS) {
  Deno.test(`runTask() of a probe is ${outcome} if open fails with ${errno}`, async () => {
    using host = simulateWorld("gpu-host", { faults: [{ call: "open", path: GROUP, errno }] });
    const result = await probe(host.world, IDLE, "group");
    assertEquals([result.outcome, result.found], [outcome, null]);
    assertEquals(result.check?.errno, errno);
    assertEquals(result.remedy !== null, outcome === "not-permitted");
  });
}

Deno.test("runTask() fails to probe a device that cannot give its device info", async () => {
  const faults = [{ call: "ioctl", path: GROUP, errno: "EIO" }] as const;
  using host = simulateWorld("gpu-host", { faults });
  const result = await probe(host.world, IDLE, "group");
  assertEquals([result.outcome, result.check?.errno], ["failed", "EIO"]);
  assertStringIncludes(result.sentence, IDLE);
});

Deno.test("runTask() fails to probe a missing device, with a remedy", async () => {
  using host = simulateWorld("gpu-host");
  const result = await probe(host.world, "0000:ff:00.0");
  assertEquals([result.outcome, result.found], ["failed", null]);
  assertStringIncludes(result.remedy!, "vfio-ask devices");
});
