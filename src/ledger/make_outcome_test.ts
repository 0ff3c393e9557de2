import { assert, assertEquals } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { hostWithQemu, mttyOutcome, runningMtty } from "../../tests/fixtures/outcome.ts";
import { mttyDevice } from "../../tests/fixtures/snapshot.ts";
import { readOutcome } from "../documents/mod.ts";
import { calibrate, causeOf, tallyOutcomes } from "./mod.ts";

Deno.test("makeOutcome() gives the source its own QEMU, and the target that of its host", () => {
  const { source, target } = mttyOutcome();
  assertEquals([source.host, source.qemu, source.machineType], ["hv-17", "10.0.2", "pc-q35-10.0"]);
  assertEquals([target.host, target.qemu, target.machineType], ["hv-18", "10.0.3", "pc-q35-10.0"]);
  assertEquals(target.driver, {
    name: "mtty",
    version: null,
    srcversion: source.driver!.srcversion,
  });
});

Deno.test("makeOutcome() does not take the QEMU of a host for the one that ran the source", () => {
  const host = { ...mttyIdentity().host, facts: { qemu: "10.0.2" } };
  assertEquals(mttyOutcome({ source: runningMtty({ vmm: null, host }) }).source.qemu, null);
});

Deno.test("makeOutcome() keeps start and end of a long message, and derives the cause from all of it", () => {
  const message = `${"😀".repeat(5000)}\nload of migration failed: Bad address`;
  const outcome = mttyOutcome({ result: "failed", message });
  assertEquals(outcome.cause, "device");
  assert(outcome.message!.length <= 4096 && outcome.message!.endsWith("Bad address"));
  assertEquals(readOutcome(outcome), outcome);
});

Deno.test("makeOutcome() has no cause for a success, and takes a given cause", () => {
  assertEquals(mttyOutcome({ result: "ok", cause: "device" }).cause, null);
  const message = "load of migration failed: Bad address";
  for (const cause of ["other", null] as const) {
    assertEquals(mttyOutcome({ result: "failed", cause, message }).cause, cause);
  }
});

Deno.test("causeOf() knows what libvirt and QEMU say", () => {
  const cases: [message: string | null, cause: ReturnType<typeof causeOf>][] = [
    [
      "operation failed: job 'migration in' failed: load of migration failed: Bad address",
      "device",
    ],
    ["error while loading state section id 42(0000:00:01.0:00.0/vfio)", "device"],
    ["cannot migrate domain: UUID: VFIO migration is not supported in kernel", "device"],
    // A device that an earlier failure spoilt.
    ["load of migration failed: Bad file descriptor", "other"],
    ["device not found: mediated device 'U' not found", "other"],
    ["Hook script execution failed: internal error: Child process exited", "other"],
    ["unsupported configuration: Target domain max memory 131072 does not match", "other"],
    ["operation failed: job 'migration out' failed: Sibling indicated error 1", null],
    ["load of migration failed: Invalid argument", null],
    [null, null],
  ];
  for (const [message, cause] of cases) assertEquals(causeOf(message), cause, message ?? "null");
});

Deno.test("tallyOutcomes() counts by pair of builds, for the kernel and the QEMU of the host only", () => {
  const { host } = hostWithQemu();
  const device = mttyDevice();
  const elsewhere = { device, host: { ...host, kernel: "6.1" } };
  const older = { device, host: { ...host, facts: { qemu: "9.2.0" } } };
  const outcomes = [
    mttyOutcome(),
    mttyOutcome({ at: "2026-03-01T00:00:00Z" }),
    mttyOutcome({ result: "failed", cause: "device", at: "2026-02-01T00:00:00Z" }),
    mttyOutcome({ result: "failed", cause: "other" }),
    mttyOutcome({ result: "failed" }),
    mttyOutcome({ target: elsewhere }),
    mttyOutcome({ target: older }),
    mttyOutcome({ source: runningMtty({ vmm: null }) }),
    mttyOutcome({ source: runningMtty({ type: "mtty-1" }) }),
  ];
  const tallies = tallyOutcomes(outcomes, host);
  assertEquals(
    tallies.map((
      { source, ok, device, other },
    ) => [source.type, ok.count, device.count, other.count]),
    [["mtty-2", 2, 1, 2], ["mtty-1", 1, 0, 0]],
  );
  assertEquals(tallies[0]!.ok.last, "2026-03-01T00:00:00.000Z");
  assertEquals("host" in tallies[0]!.source || "id" in tallies[0]!.target, false);
  assertEquals(tallyOutcomes(outcomes, { ...host }), tallies);
});

Deno.test("calibrate() holds predictions against outcomes by verdict and evidence", () => {
  const said = (
    verdict: "compatible" | "incompatible" | "unknown",
    evidence: "vendor-rule" | null,
  ) => ({
    predicted: { verdict, evidence },
  });
  const failed = { result: "failed", cause: "device" } as const;
  const table = calibrate([
    mttyOutcome(said("compatible", "vendor-rule")),
    mttyOutcome(said("compatible", "vendor-rule")),
    mttyOutcome(said("compatible", "vendor-rule")),
    mttyOutcome({ ...said("compatible", "vendor-rule"), ...failed }),
    mttyOutcome({ ...said("compatible", "vendor-rule"), result: "failed" }),
    mttyOutcome({ ...said("incompatible", null), ...failed }),
    mttyOutcome(said("unknown", null)),
    mttyOutcome({ ...said("incompatible", "vendor-rule"), result: "failed", cause: "other" }),
    mttyOutcome(),
  ]);
  const none = { ok: 0, failedByDevice: 0, failedOtherwise: 0, right: null };
  assertEquals(table, [
    {
      verdict: "compatible",
      evidence: "vendor-rule",
      ...{ ok: 3, failedByDevice: 1, failedOtherwise: 1, right: 3 / 4 },
    },
    { ...none, verdict: "incompatible", evidence: "vendor-rule", failedOtherwise: 1 },
    { ...none, verdict: "incompatible", evidence: null, failedByDevice: 1, right: 1 },
    { ...none, verdict: "unknown", evidence: null, ok: 1 },
  ]);
});
