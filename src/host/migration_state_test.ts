import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { parseMigrationState, readMigrationStates } from "./migration_state.ts";

Deno.test("parseMigrationState() knows the kernel's names of all states, and nothing else", () => {
  const texts = ["RUNNING\n", "RESUMING\n", "STOP_COPY\n", "PRE_COPY_P2P\n", "ERROR\n"];
  assertEquals(texts.map(parseMigrationState), [
    "running",
    "resuming",
    "stop-copy",
    "pre-copy-p2p",
    "error",
  ]);
  assertEquals(["Invalid\n", "", "RUNNING RUNNING"].map(parseMigrationState), [null, null, null]);
});

Deno.test("readMigrationStates() reads the devices that the kernel shows, and no path", async () => {
  const sys = Deno.makeTempDirSync({ prefix: "vfio-ask-test-" });
  try {
    const roots = { sys, dev: sys, proc: sys };
    assertEquals(await readMigrationStates(roots, ["a"]), new Map());
    for (const [id, text] of [["a", "RESUMING\n"], ["b", "Invalid\n"], ["c", "RUNNING\n"]]) {
      const directory = join(sys, "kernel/debug/vfio", id!, "migration");
      Deno.mkdirSync(directory, { recursive: true });
      Deno.writeTextFileSync(join(directory, "state"), text!);
    }
    const found = await readMigrationStates(roots, ["a", "b", "gone", "a/../c", "c"]);
    assertEquals(found, new Map([["a", "resuming"], ["c", "running"]] as const));
  } finally {
    Deno.removeSync(sys, { recursive: true });
  }
});
