import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { NO_PROGRAM } from "../../tests/fixtures/world.ts";
import { openWorker } from "../children/mod.ts";
import { openAccess } from "./mod.ts";

Deno.test("Access.readStates() does not wait for a driver that hangs, and reads again when it answers", async () => {
  const sys = Deno.makeTempDirSync({ prefix: "vfio-ask-test-" });
  const plant = (id: string) => {
    const directory = join(sys, "kernel/debug/vfio", id, "migration");
    Deno.mkdirSync(directory, { recursive: true });
    return join(directory, "state");
  };
  Deno.writeTextFileSync(plant("good"), "RUNNING\n");
  // A reader of an open pipe waits in read(2), as the kernel's file does if a driver hangs.
  const hung = plant("hung");
  assertEquals((await new Deno.Command("mkfifo", { args: [hung] }).output()).code, 0);
  const writer = Deno.openSync(hung, { read: true, write: true });
  const roots = { sys, dev: sys, proc: sys };
  const worker = openWorker(NO_PROGRAM, { deadlineMs: 60_000 });
  await using access = openAccess({ roots, stateDirectory: null, worker });
  const good = new Map([["good", "running"]] as const);
  assertEquals(await access.readStates(["good"]), good);
  assertEquals(await access.readStates(["good", "hung"]), new Map());
  assertEquals(await access.readStates(["good"]), new Map());
  writer.writeSync(new TextEncoder().encode("RESUMING\n"));
  writer.close();
  let states = new Map();
  while (states.size === 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    states = await access.readStates(["good"]);
  }
  assertEquals(states, good);
  Deno.removeSync(sys, { recursive: true });
});
