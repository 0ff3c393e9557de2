import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { withFiles } from "../../tests/fixtures/files.ts";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { runCli } from "../../tests/fixtures/run_cli.ts";
import { mttyDevice, mttySnapshot, mttyType } from "../../tests/fixtures/snapshot.ts";
import { domainXml, mttyMachineDocument } from "../../tests/fixtures/vm_document.ts";

const machine = mttyMachineDocument();
const SOURCE = machine.sources[0]!.id;
const host = mttySnapshot();
/** A host with types only, so that a device is made. */
const types = mttySnapshot({ devices: [] });

Deno.test("ask VM.json answers for the whole machine", async () => {
  await withFiles({ host, machine }, async (path) => {
    const ask = ["ask", "--snapshot", path("host"), path("machine")];
    const { code, out } = await runCli(ask);
    assertEquals(code, 0);
    assertStringIncludes(out, "The device can migrate to this host:");
    const { out: json } = await runCli([...ask, "--json", "--details"]);
    const { answer } = JSON.parse(json).hosts[0];
    assertEquals([answer.schema, answer.together.verdict], ["vfio-ask/answers/v1", "compatible"]);
    const [plan] = answer.together.plans;
    assertEquals(plan.placements[0].target, mttyDevice().id);
    const again = JSON.parse((await runCli([...ask, "--json", "--details"])).out);
    assertEquals(again.hosts[0].answer.together.plans[0].id, plan.id);
  });
});

Deno.test("ask VM.json uses what is known about the whole machine", async () => {
  const old = mttyMachineDocument({
    libvirt: { version: "8.0.0", xml: null },
    vmm: { qemu: "7.2.0" },
  });
  const typed = mttyMachineDocument({ vmm: { machineType: "pc-q35-10.0" } });
  await withFiles({ host, old, typed }, async (path) => {
    const open = await runCli(["ask", "--snapshot", path("host"), path("typed")]);
    assertEquals(open.code, 3);
    assertStringIncludes(open.out, "unknown  MachineType");
    const { out } = await runCli(["ask", "--snapshot", path("host"), path("old")]);
    assertStringIncludes(out, "LibvirtRefusesHostDevices: libvirt 8.0.0 on the source's host");
    assertStringIncludes(out, "QemuWithoutV2");
  });
});

Deno.test("ask VM.json is unknown if not all devices of the machine are known", async () => {
  const gone = mttyMachineDocument({
    problems: [{ code: "gone", subject: "0000:01:10.0", sentence: "It is gone", remedy: null }],
  });
  const unnamed = mttyMachineDocument({
    libvirt: { version: null, xml: domainXml(SOURCE, "22222222-2222-4333-8444-555555555555") },
  });
  const harmless = mttyMachineDocument({
    libvirt: { version: null, xml: null },
    problems: [
      { code: "no-initial-data", subject: SOURCE, sentence: "No data", remedy: null },
      { code: "not-permitted", subject: "g1", sentence: "XML is left out", remedy: null },
    ],
  });
  await withFiles({ host, gone, unnamed, harmless }, async (path) => {
    const ask = async (name: string) =>
      await runCli(["ask", "--snapshot", path("host"), path(name)]);
    for (const name of ["gone", "unnamed"]) {
      const { code, out } = await ask(name);
      assertEquals(code, 3, name);
      assertStringIncludes(out, "DevicesNotKnown");
    }
    assertEquals((await ask("harmless")).code, 0);
  });
});

Deno.test("ask --make prints XML, a script and definitions that agree", async () => {
  await withFiles({ types, machine, host }, async (path) => {
    const make = async (form: string, on = "types", ...more: string[]) =>
      await runCli(["ask", "--snapshot", path(on), path("machine"), "--make", form, ...more]);
    // A new mdev gets the UUID of the source, so the XML stays.
    const xml = await make("xml");
    assertEquals([xml.code, xml.out], [0, machine.libvirt!.xml!]);
    assertStringIncludes(xml.err, "CPU model");
    const commands = await make("commands", "types", "--to", "qemu+tls://b/system");
    assertStringIncludes(
      commands.out,
      `mdevctl start --uuid ${SOURCE} --parent mtty --type mtty-`,
    );
    assertStringIncludes(commands.out, "\nvirsh migrate --live g1 qemu+tls://b/system\n");
    const [definition] = JSON.parse((await make("mdevctl")).out).definitions;
    assertEquals([definition.uuid, definition.mdevctl.mdev_type], [SOURCE, "mtty-2"]);
    // A device that is there has another UUID.
    const changed = await make("xml", "host");
    assertEquals(
      changed.out,
      machine.libvirt!.xml!.replace(
        `<address uuid='${SOURCE}'/>\n`,
        `<address uuid='${mttyDevice().id}'/>\n`,
      ),
    );
    const document = JSON.parse((await make("commands", "host", "--json")).out);
    assertEquals(document.schema, "vfio-ask/move/v1");
    assertEquals(document.xml, changed.out);
    const second = await make("mdevctl", "host", "--plan", "2");
    assertEquals(JSON.parse(second.out).definitions[0].uuid, SOURCE);
  });
});

Deno.test("ask --make gives a new mdev another UUID, always the same, if the host has the source's", async () => {
  const taken = mttySnapshot({
    devices: [],
    types: [mttyType({ instances: [SOURCE] })],
  });
  await withFiles({ taken, machine }, async (path) => {
    const make = async (form: string) =>
      (await runCli(["ask", "--snapshot", path("taken"), path("machine"), "--make", form])).out;
    const [{ uuid }] = JSON.parse(await make("mdevctl")).definitions;
    assert(uuid !== SOURCE);
    assertStringIncludes(uuid, "-8");
    assertStringIncludes(await make("xml"), `<address uuid='${uuid}'/>`);
    assertStringIncludes(await make("commands"), `--uuid ${uuid} `);
  });
});

Deno.test("ask --make of an identity has commands and definitions, but no XML", async () => {
  await withFiles({ types, source: mttyIdentity() }, async (path) => {
    const make = async (form: string) =>
      await runCli(["ask", "--snapshot", path("types"), path("source"), "--make", form]);
    const commands = await make("commands");
    assertEquals(commands.code, 0);
    assertStringIncludes(commands.out, "mdevctl start");
    assertEquals(JSON.parse((await make("mdevctl")).out).definitions.length, 1);
    const xml = await make("xml");
    assertEquals([xml.code, xml.out], [2, ""]);
    assertStringIncludes(xml.err, "an identity has no domain XML");
  });
});

Deno.test("ask --make says on standard error what is unknown, not free, or refused", async () => {
  const unknown = mttyMachineDocument({ sources: [{ ...mttyIdentity(), version: "A" }] });
  const version = { path: "/sys/x", version: "B", errno: null };
  const decides = mttySnapshot({ devices: [], types: [mttyType({ version })] });
  const none = mttySnapshot({ devices: [], types: [] });
  const full = mttySnapshot({
    devices: [mttyDevice({ type: "mtty-1" })],
    types: [
      mttyType({ availableInstances: 0 }),
      mttyType({ type: "mtty-1", instances: [mttyDevice().id] }),
    ],
  });
  const files = { unknown, decides, machine, none, full };
  await withFiles(files, async (path) => {
    const make = async (on: string, name: string) =>
      await runCli(["ask", "--snapshot", path(on), path(name), "--make", "commands"]);
    const open = await make("decides", "unknown");
    assertEquals(open.code, 3);
    assertStringIncludes(open.out, "mdevctl start");
    assertStringIncludes(open.err, "It is unknown whether the migration will succeed");
    const refused = await make("none", "machine");
    assertEquals([refused.code, refused.out], [1, ""]);
    assertStringIncludes(refused.err, "There is no plan");
    assertStringIncludes(refused.err, `${SOURCE}: NoConfiguration`);
    const taken = await make("full", "machine");
    assertEquals(taken.code, 3, taken.err);
    assertStringIncludes(taken.err, "MustBeFreed");
    assertStringIncludes(taken.out, "# MustBeFreed");
  });
});

Deno.test("ask refuses wrong options of --make and wrong documents", async () => {
  const bad = { ...machine, sources: [] };
  const newer = { ...machine, schema: "vfio-ask/vm/v9" };
  const broken = mttyMachineDocument({ libvirt: { version: null, xml: "<domain" } });
  const other = mttySnapshot({ host: { ...host.host, name: "other" } });
  const files = { host, other, machine, bad, newer, broken, one: mttyIdentity() };
  await withFiles(files, async (path) => {
    const cases: readonly (readonly [string[], string])[] = [
      [[path("machine"), "--plan", "1"], "--plan needs --make"],
      [[path("machine"), "--to", "x://y"], "--to needs --make"],
      [[path("machine"), "--make", "xml", "--to", "x"], "not a URI of libvirt"],
      [[path("machine"), "--make", "xml", "--plan", "11"], "not a number from 1 to 10"],
      [[path("machine"), "--make", "xml", "--plan", "9"], "plans"],
      [[path("machine"), "--make", "all"], "unknown form"],
      [[path("machine"), "--make", "xml", "--explain"], "--explain with --make"],
      [[path("machine"), "--make", "xml", "--snapshot", path("other")], "a plan is for one host"],
      [[path("machine"), path("one")], "a virtual machine and other sources"],
      [[path("bad")], "/sources"],
      [[path("newer")], "vfio-ask/vm/v9"],
      [[path("broken")], "it is not XML"],
    ];
    for (const [args, why] of cases) {
      const { code, err, out } = await runCli(["ask", "--snapshot", path("host"), ...args]);
      assertEquals([code, out], [2, ""], why);
      assertStringIncludes(err, why);
    }
  });
});
