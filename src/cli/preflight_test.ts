import { assert, assertEquals } from "@std/assert";
import { runCli } from "../../tests/fixtures/run_cli.ts";
import { identify, parseSnapshot } from "../documents/mod.ts";
import { ask, judgeOne } from "../judge/ask/mod.ts";
import type { Diagnosis } from "../judge/doctor/mod.ts";

/** Idle devices of the simulated host: an mtty-2, a function of qat, and one of pds, which has no PRE_COPY. */
const MTTY_2 = "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2";
const QAT = "0000:6b:00.2";
const PDS = "0000:b5:00.1";
const MIXED = ["--simulate", "mixed"];

/** Tests the identity of a device of one simulated host on a device of another simulated host, through a file. */
async function preflight(source: string, target: string, ...given: string[]) {
  const options = given.includes("--simulate") ? given : [...MIXED, ...given];
  const simulate = options.slice(0, 2);
  // With a QEMU that migrates it without dirty tracking.
  const vmm = ["--enable-migration", "on", "--device-dirty-page-tracking", "off"];
  const ask = ["identity", source, "--initial-data", "--preflight=load", ...vmm];
  const identity = await runCli([...ask, ...simulate]);
  assertEquals(identity.code, 0, identity.err);
  const { host, ...rest } = JSON.parse(identity.out);
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const elsewhere = { ...rest, id: "elsewhere", host: { ...host, bootId: "another" } };
    await Deno.writeTextFile(file, JSON.stringify(elsewhere));
    const ran = await runCli(["preflight", file, target, "--json", ...options]);
    return { ...ran, ...(ran.out === "" ? {} : JSON.parse(ran.out)) };
  } finally {
    await Deno.remove(file);
  }
}

// deno-lint-ignore no-explicit-any
const codes = (reasons: any[]) => reasons.map(({ code }) => code);

Deno.test("preflight prints the results of the driver, the rules and each test", async () => {
  const { code, verdict, evidence, reasons, tests } = await preflight(MTTY_2, MTTY_2);
  assertEquals([code, verdict, evidence], [0, "compatible", "driver-tested"]);
  assertEquals(codes(reasons), ["DriverAccepted", "SameType", "RuleAccepts"]);
  assertEquals(tests[0].test.altered.length, 2);
});

Deno.test("preflight of a device that cannot migrate is incompatible without a test", async () => {
  const { code, verdict, tests } = await preflight(MTTY_2, "0000:09:00.0");
  assertEquals([code, verdict, tests], [1, "incompatible", []]);
});

Deno.test("a device that doctor says cannot migrate is never a target", async () => {
  const doctor = JSON.parse((await runCli(["doctor", ...MIXED, "--json"])).out);
  const snapshot = parseSnapshot(JSON.parse((await runCli(["snapshot", ...MIXED])).out));
  const cannot = (doctor.devices as Diagnosis[]).filter(({ canMigrate, findings }) =>
    // Only doctor checks other devices of the group that the host uses.
    canMigrate === "no" && !findings.some(({ code }) => code === "GroupNotViable")
  );
  assert(cannot.length > 3);
  for (const { id } of cannot) {
    const entry = snapshot.devices.find((device) => device.id === id);
    if (entry === undefined) continue;
    const like = identify(snapshot, id);
    const migration = { ...like.migration, uapi: "v2" as const };
    const source = { ...like, id: "elsewhere", migration };
    assertEquals([id, judgeOne(snapshot, source, entry).verdict], [id, "incompatible"]);
    const offers = ask(snapshot, source).offers.map(({ configuration }) => configuration.id);
    assert(!offers.includes(id), id);
  }
});

Deno.test("preflight of a function tests only to the depth that is declared for its driver", async () => {
  const forbidden = await preflight(QAT, QAT);
  assertEquals(forbidden.code, 4);
  assert(forbidden.err.includes("--preflight=idle"), forbidden.err);
  const { evidence, reasons } = await preflight(QAT, QAT, "--preflight=idle");
  assertEquals([evidence, reasons[0].code], ["driver-tested", "DriverAccepted"]);
  assert(reasons[0].sentence.includes("as far as the setup"), reasons[0].sentence);
});

Deno.test("preflight of a driver that loads during the write needs --preflight=load", async () => {
  const id = "0000:c1:00.4";
  const { code, err } = await preflight(id, id, "--simulate", "nic-host", "--preflight=idle");
  assertEquals(code, 4);
  assert(err.includes("--preflight=load"), err);
});

Deno.test("preflight of a driver without PRE_COPY is unknown if the driver accepts", async () => {
  const { code, tests } = await preflight(PDS, PDS, "--preflight=idle");
  assertEquals([code, tests[0].verdict], [3, "unknown"]);
});

/** Makes every device of the simulated host count as new. */
const NEW = ["--settle", "86400"];

Deno.test("ask --preflight does not open new devices and says until when; a named one is tested", async () => {
  const made = await runCli(["identity", MTTY_2, "--initial-data", ...MIXED]);
  const { host, ...rest } = JSON.parse(made.out);
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const elsewhere = { ...rest, id: "elsewhere", host: { ...host, bootId: "another" } };
    await Deno.writeTextFile(file, JSON.stringify(elsewhere));
    const ask = async (...options: string[]) => {
      const { out } = await runCli(["ask", file, "--preflight", "--json", ...MIXED, ...options]);
      const { offers, refusals } = JSON.parse(out);
      // deno-lint-ignore no-explicit-any
      return [...offers, ...refusals].find(({ configuration }: any) => configuration.id === MTTY_2);
    };
    const left = await ask(...NEW);
    assertEquals([left.evidence === "driver-tested", left.verdict === "incompatible"], [
      false,
      false,
    ]);
    const warning = left.warnings.find(({ code }: { code: string }) => code === "DeviceIsNew");
    assert(/is new: left alone until 20.*--settle 0/.test(warning?.sentence), JSON.stringify(left));
    assertEquals((await ask("--settle", "0")).evidence, "driver-tested");
    const named = await runCli(["preflight", file, MTTY_2, "--json", ...NEW, ...MIXED]);
    assertEquals(JSON.parse(named.out).tests[0].verdict, "compatible");
  } finally {
    await Deno.remove(file);
  }
});
