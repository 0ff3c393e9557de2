import { assertEquals } from "@std/assert";
import { programCommand, runCli } from "../../tests/fixtures/run_cli.ts";

/** Idle devices of the simulated host. */
const MTTY_2 = "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2";
const HOST = ["--simulate", "mixed"];

/** How many child processes a command line starts. It must end with an exit code of an answer. */
async function countChildren(argv: readonly string[]): Promise<number> {
  const log = await Deno.makeTempFile();
  try {
    const program = ["sh", "-c", 'echo >> "$0" && exec "$@"', log, ...programCommand()];
    const { code, err } = await runCli([...argv, ...HOST], (world) => world, program);
    assertEquals([0, 1, 3].includes(code), true, err);
    return (await Deno.readTextFile(log)).length;
  } finally {
    await Deno.remove(log);
  }
}

for (
  const argv of [["devices"], ["types"], ["identity", MTTY_2], ["ask", MTTY_2], ["supported"], [
    "doctor",
  ]]
) {
  Deno.test(`${argv[0]} that opens no device starts no child process`, async () => {
    assertEquals(await countChildren([...argv, "--probe=never"]), 0);
  });
}

for (
  const argv of [
    ["devices"],
    ["probe", MTTY_2],
    ["identity", MTTY_2, "--initial-data"],
    ["preflight", MTTY_2, MTTY_2],
    ["ask", MTTY_2, "--preflight"],
  ]
) {
  Deno.test(`${argv.join(" ")} starts one child process for all its tasks`, async () => {
    assertEquals(await countChildren(argv), 1);
  });
}
