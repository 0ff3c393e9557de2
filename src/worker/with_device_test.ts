import { assertEquals } from "@std/assert";
import { simulateWorld } from "../../tests/fixtures/world.ts";
import { withIdleDevice } from "./with_device.ts";

/** An idle mdev of the simulated host, whose nodes are an hour old. */
const GPU = "c40d81ae-6b92-4e1f-8d37-0f5a29e6b703";

Deno.test("withIdleDevice() does not open a device that is too new", async () => {
  using host = simulateWorld("gpu-host");
  let opened = 0;
  const world = {
    ...host.world,
    syscalls: () => {
      opened++;
      return host.world.syscalls();
    },
  };
  const left = await withIdleDevice(world, GPU, () => "worked", { settleMs: 2 * 60 * 60 * 1000 });
  assertEquals(["unavailable" in left && left.unavailable.outcome, opened], ["new", 0]);
  const done = await withIdleDevice(world, GPU, () => "worked", { settleMs: 1000 });
  assertEquals([done, opened], [{ done: "worked" }, 1]);
});
