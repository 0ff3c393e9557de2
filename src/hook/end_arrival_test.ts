import { assertEquals } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { plantEmptyHost } from "../../tests/fixtures/planted_host.ts";
import { endArrival, readQemuMessage } from "./end_arrival.ts";
import { type ArrivalRecord, withRecords } from "./records.ts";

const MADE = "11111111-2222-4333-8444-555555555555";

/** A host with the record of a machine, and what is reported about it. */
async function openRecord(change: Partial<ArrivalRecord> = {}) {
  const planted = plantEmptyHost();
  const runDirectory = `${planted.directory}/run`;
  const device = { source: mttyIdentity(), device: MADE, predicted: null };
  const record = { id: "1", name: "g1", atMs: 0, devices: [device], made: [MADE], ...change };
  await withRecords(runDirectory, (records) => Promise.resolve(records.write(record)));
  planted.sys.attribute(`bus/mdev/devices/${MADE}/remove`, "");
  planted.sys.linkText(`bus/mdev/devices/${MADE}/iommu_group`, "../../kernel/iommu_groups/7");
  const reported: string[] = [];
  const world = {
    roots: planted.roots,
    runDirectory,
    report: (_: ArrivalRecord, device: { device: string }, ending: { result: string }) => {
      reported.push(`${device.device[0]} ${ending.result}`);
      return Promise.resolve(null);
    },
  };
  return {
    ...planted,
    world,
    reported,
    removed: () =>
      Deno.readTextFileSync(`${planted.roots.sys}/bus/mdev/devices/${MADE}/remove`).trim(),
    left: () => withRecords(runDirectory, (records) => Promise.resolve(records.list().length)),
  };
}

const FAILED = { result: "failed", message: null } as const;

Deno.test("endArrival() reports a failure, and removes what was made once", async () => {
  using host = await openRecord();
  const lines = await endArrival({ name: "g1", id: null }, FAILED, host.world);
  assertEquals(lines, [`recorded ${MADE} on ${MADE}: failed`, `removed ${MADE}`]);
  assertEquals([host.removed(), host.reported, await host.left()], ["1", ["1 failed"], 0]);
  assertEquals(await endArrival({ name: "g1", id: null }, FAILED, host.world), []);
});

Deno.test("endArrival() keeps what was made for a machine that runs, and reports it", async () => {
  using host = await openRecord();
  await endArrival({ name: "g1", id: "1" }, { result: "ok" }, host.world);
  assertEquals([host.removed(), host.reported, await host.left()], ["", ["1 ok"], 0]);
});

Deno.test("endArrival() leaves the record of another attempt alone", async () => {
  using host = await openRecord();
  assertEquals(await endArrival({ name: "g1", id: "2" }, { result: "gone" }, host.world), []);
  assertEquals([host.removed(), await host.left()], ["", 1]);
});

Deno.test("endArrival() does not remove a device that a process holds", async () => {
  using host = await openRecord();
  host.proc.attribute("4711/comm", "qemu");
  host.proc.linkText("4711/fd/9", "/dev/vfio/7");
  const lines = await endArrival({ name: "g1", id: null }, { result: "gone" }, host.world);
  assertEquals(lines, [`kept ${MADE}, which is in use`]);
  assertEquals(host.removed(), "");
});

Deno.test("endArrival() blames none of several devices", async () => {
  const device = { source: mttyIdentity(), device: MADE, predicted: null };
  using host = await openRecord({ devices: [device, device], made: [] });
  const lines = await endArrival({ name: "g1", id: null }, FAILED, host.world);
  assertEquals(lines.map((line) => /not recorded/.test(line)), [true]);
  assertEquals(host.reported, []);
});

Deno.test("withRecords() ignores a record that a crash has cut off", async () => {
  using host = await openRecord();
  Deno.writeTextFileSync(`${host.world.runDirectory}/g1.json`, '{"id":"1","na');
  assertEquals(await endArrival({ name: "g1", id: null }, FAILED, host.world), []);
});

Deno.test("withRecords() keeps records of any name apart, in one folder", async () => {
  using host = await openRecord();
  const names = ["../x", ".", "..", "é b", "n".repeat(300)];
  await withRecords(host.world.runDirectory, (records) => {
    for (const name of names) {
      records.write({ id: name, name, atMs: 0, devices: [], made: [] });
    }
    assertEquals(names.map((name) => records.read(name)?.id), names);
    for (const name of names) records.remove(name);
    assertEquals(records.list().length, 1);
    return Promise.resolve();
  });
});

const LOG = `2026-11-21 10:00:00.000+0000: starting up libvirt version: 11.3.0, qemu version: 10.0.3
2026-11-21T10:00:01Z qemu-system-x86_64: an older message
2026-11-21 11:00:00.000+0000: starting up libvirt version: 11.3.0, qemu version: 10.0.3
LC_ALL=C \\
/usr/bin/qemu-system-x86_64 \\
-name guest=g1
2026-11-21T11:00:01Z qemu-system-x86_64: error while loading state section id 42(0000:00:01.0:00.0/vfio)
2026-11-21T11:00:01Z qemu-system-x86_64: load of migration failed: Bad address
2026-11-21 11:00:02.000+0000: shutting down, reason=failed
`;

Deno.test("readQemuMessage() gives what QEMU said since its last start", () => {
  using host = plantEmptyHost();
  assertEquals(readQemuMessage("g1", host.directory), null);
  Deno.writeTextFileSync(`${host.directory}/g1.log`, "x\n".repeat(20_000) + LOG);
  assertEquals(
    readQemuMessage("g1", host.directory)?.split("\n").map((line) => line.slice(41)),
    [
      "error while loading state section id 42(0000:00:01.0:00.0/vfio)",
      "load of migration failed: Bad address",
    ],
  );
  Deno.writeTextFileSync(`${host.directory}/g1.log`, "");
  assertEquals(readQemuMessage("g1", host.directory), null);
});
