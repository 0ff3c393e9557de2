import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { programCommand } from "../fixtures/run_cli.ts";
import { openWorkplace, run, type Workplace } from "./program.ts";

const HOST = ["--simulate", "gpu-host"];
const GPU = "3a6f0d52-8c1e-4b7a-9f25-61d0e4c7a101";

/** Runs a command whose reader is gone before it says anything. */
async function runIntoDeadPipe({ env }: Workplace, args: readonly string[]) {
  const words = [...programCommand(), ...args].map((word) => `'${word}'`).join(" ");
  const pipe = `( ${words}; echo "code $?" >&2 ) | head -0`;
  const { stderr } = await new Deno.Command("bash", {
    args: ["-c", pipe],
    env,
    stdout: "null",
    stderr: "piped",
  }).output();
  return new TextDecoder().decode(stderr);
}

Deno.test("devices lists a simulated host and leaves nothing behind", async () => {
  await using place = await openWorkplace();
  const { code, out, err } = await run(place, ["devices", ...HOST, "--json"]);
  assertEquals([code, err], [0, ""]);
  assertEquals(JSON.parse(out).devices.length, 9);
  assertEquals(place.leftovers(), []);
});

Deno.test("an identity of one host is asked of another by a pipe", async () => {
  await using place = await openWorkplace();
  const { out: stdin, code } = await run(place, ["identity", ...HOST, GPU]);
  assertEquals(code, 0);
  const asked = await run(place, ["ask", ...HOST, "-"], { stdin });
  assertEquals(
    [asked.code, asked.err],
    [3, ""],
    "it is unknown whether both have the same ECC setting",
  );
  assertStringIncludes(asked.out, GPU);
  const elsewhere = await run(place, ["ask", "--simulate", "nic-host", "-"], { stdin });
  assertEquals(elsewhere.code, 1);
});

Deno.test("a wrong command line exits with 2 and says so on standard error alone", async () => {
  await using place = await openWorkplace();
  const { code, out, err } = await run(place, ["devices", "--simulate", "moon"]);
  assertEquals([code, out], [2, ""]);
  assert(err.startsWith("vfio-ask: --simulate moon"), err);
});

Deno.test("an error of a service has its priority in the journal", async () => {
  await using place = await openWorkplace();
  const words = [...programCommand(), "serve", "--listen=0"].map((word) => `'${word}'`).join(" ");
  const script = `JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec ${words} --settle=x`;
  const { code, stderr } = await new Deno.Command("bash", {
    args: ["-c", script],
    env: place.env,
    stdout: "null",
    stderr: "piped",
  }).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [
    2,
    "<3>--settle x: not a number of seconds. For example, use --settle 10.\n",
  ]);
});

Deno.test("devices of this very machine can be listed without opening any", async () => {
  await using place = await openWorkplace();
  const { code, out } = await run(place, [
    "devices",
    "--json",
    "--probe=never",
    "--state",
    `${place.folder}/state`,
  ]);
  assertEquals(code, 0);
  assert(Array.isArray(JSON.parse(out).devices));
});

for (const args of [["devices"], ["probe", "--all", "--ndjson"], ["help"], ["unit"]]) {
  Deno.test(`${args[0]} whose reader is gone ends quietly`, async () => {
    await using place = await openWorkplace();
    const simulate = ["devices", "probe"].includes(args[0]!) ? HOST : [];
    const err = await runIntoDeadPipe(place, [...args, ...simulate]);
    assert(/^code (0|141)\n$/.test(err), err);
    assertEquals(place.leftovers(), []);
  });
}

Deno.test("output that cannot be written ends with an error that says so", async () => {
  await using place = await openWorkplace();
  const words = [...programCommand(), "devices", ...HOST].map((word) => `'${word}'`).join(" ");
  const { code, stderr } = await new Deno.Command("bash", {
    args: ["-c", `${words} > /dev/full`],
    env: place.env,
    stdout: "null",
    stderr: "piped",
  }).output();
  assertEquals(code, 4);
  const err = new TextDecoder().decode(stderr);
  assert(err.startsWith("vfio-ask: ") && !err.includes("    at "), err);
  assertEquals(place.leftovers(), []);
});

Deno.test("a document with a wrong field is refused with the place, the value and what was expected", async () => {
  await using place = await openWorkplace();
  const { out } = await run(place, ["identity", ...HOST, GPU]);
  const identity = JSON.parse(out);
  identity.migration.stopCopyBytes = "much";
  const { code, err } = await run(place, ["ask", ...HOST, "-"], {
    stdin: JSON.stringify(identity),
  });
  assertEquals([code, err], [
    2,
    'vfio-ask: Cannot read the identity in -: /migration/stopCopyBytes is "much": expected number, received ' +
    "string. Give a document of schema vfio-ask/identity/v1, as vfio-ask identity DEVICE prints it.\n",
  ]);
});
