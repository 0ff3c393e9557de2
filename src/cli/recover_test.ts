import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { runCli } from "../../tests/fixtures/run_cli.ts";
import { plantHost, SCENARIOS } from "../simulator/mod.ts";

/** Idle mdevs of the simulated host. */
const MTTY = "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2";

/** A simulated host whose mtty is in a state, and which keeps it from one command to the next. */
function spoil(state: string) {
  const directory = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "vfio-ask-test-" }));
  const { sys, dev, proc } = plantHost(SCENARIOS["mixed"]!, join(directory, "host"));
  const path = join(sys, "kernel/debug/vfio", MTTY, "migration/state");
  Deno.mkdirSync(dirname(path), { recursive: true });
  Deno.writeTextFileSync(path, `${state}\n`);
  const options = [
    ...["--simulate", "mixed", "--sysfs", sys, "--dev", dev, "--proc", proc],
    ...["--state", join(directory, "state")],
  ];
  return {
    run: (...argv: string[]) => runCli([...argv, ...options]),
    state: () => Deno.readTextFileSync(path).trim(),
    [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }),
  };
}

Deno.test("a device that its last user left in RESUMING is found, offered to nobody, and recovered", async () => {
  using host = spoil("RESUMING");
  const rowOf = ({ out }: { out: string }) => out.split("\n").find((line) => line.includes(MTTY));
  const identity = await host.run("identity", MTTY, "--probe=never");
  const source = { ...JSON.parse(identity.out), id: "elsewhere" };
  source.host.bootId = "another";
  const file = Deno.makeTempFileSync({ suffix: ".json" });
  Deno.writeTextFileSync(file, JSON.stringify(source));
  const answer = async () =>
    JSON.parse((await host.run("ask", file, "--probe=never", "--refusals=each", "--json")).out);
  // deno-lint-ignore no-explicit-any
  const offered = ({ offers }: any) =>
    // deno-lint-ignore no-explicit-any
    offers.some(({ configuration }: any) => configuration.id === MTTY);

  const before = await host.run("devices", "--probe=never");
  assertMatch(rowOf(before)!, / not-running \(resuming\) /);
  const listed = JSON.parse((await host.run("devices", "--probe=never", "--json")).out);
  // deno-lint-ignore no-explicit-any
  const { state, trouble } = listed.devices.find(({ id }: any) => id === MTTY);
  assertEquals([state, trouble.code], ["resuming", "not-running"]);
  const doctor = await host.run("doctor", MTTY, "--probe=never");
  assertEquals(doctor.code, 1);
  assertStringIncludes(doctor.out, `NotRunning: mtty: ${MTTY} is in RESUMING`);
  assertStringIncludes(doctor.out, `-> Run vfio-ask recover ${MTTY}.`);
  assertEquals(offered(await answer()), false);
  assertEquals(host.state(), "RESUMING");

  const recovered = await host.run("recover", MTTY);
  assertEquals([recovered.code, recovered.err], [0, ""]);
  assertMatch(recovered.out, new RegExp(`${MTTY}  reset +resuming -> running`));
  assertEquals(host.state(), "RUNNING");
  assertMatch(rowOf(await host.run("devices", "--probe=never"))!, / idle /);
  assertEquals(offered(await answer()), true);
  Deno.removeSync(file);
});

Deno.test("recover prints a document, and has nothing to do for a device in RUNNING", async () => {
  using host = spoil("RUNNING");
  const { code, out } = await host.run("recover", MTTY, MTTY, "--json");
  assertEquals([code, JSON.parse(out)], [0, {
    schema: "vfio-ask/recovered/v1",
    devices: [{
      device: MTTY,
      outcome: "done",
      by: "nothing",
      was: "running",
      state: "running",
      sentence: null,
      remedy: null,
    }],
    problems: [],
  }]);
});

Deno.test("recover refuses an unknown device and a command line without one", async () => {
  using host = spoil("RUNNING");
  const unknown = await host.run("recover", "nobody");
  assertEquals([unknown.code, unknown.out], [2, ""]);
  assertStringIncludes(unknown.err, "Cannot find a VFIO device named nobody");
  const none = await host.run("recover");
  assertEquals(none.code, 2);
  assertStringIncludes(none.err, "recover needs a DEVICE");
});

Deno.test("recover does not touch a device in use, and its exit code is 1", async () => {
  using host = spoil("RUNNING");
  const listed = JSON.parse((await host.run("devices", "--probe=never", "--json")).out);
  // deno-lint-ignore no-explicit-any
  const used = listed.devices.find(({ use }: any) => use.holder !== null);
  const { code, out } = await host.run("recover", used.id, "--remake");
  assertEquals(code, 1);
  assertStringIncludes(out, `${used.id} is in use by`);
});
