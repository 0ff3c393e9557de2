import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { type Ran, runCli } from "../../tests/fixtures/run_cli.ts";
import { readVirtualMachine, VMS_SCHEMA } from "../documents/mod.ts";

const MTTY = "c2a7d1b0-3e96-4f04-b7c8-94e5a06d81c3";
const UUID = "4d0c6f5e-0b7a-4c55-8a3e-2f6d1b9e7c01";

const run = (...argv: string[]): Promise<Ran> =>
  runCli([...argv, "--simulate", "mixed", "--probe=never"]);

Deno.test("vm lists the machines, and shows one by name, UUID or pid", async () => {
  const { code, out } = await run("vm");
  assertEquals(code, 0);
  const [, heading, ...rows] = out.trimEnd().split("\n").map((line) => line.split(/ {2,}/));
  assertEquals(heading, [
    ...["NAME", "UUID", "PID", "STATE", "QEMU", "MACHINE TYPE", "BACKEND", "DEVICES"],
  ]);
  assertEquals(rows, [
    ["console", UUID, "4711", "running", "-", "pc-q35-10.0", "container", MTTY],
    ["crypto", "-", "5120", "running", "-", "-", "iommufd", "0000:6b:00.1"],
  ]);
  const shown = await Promise.all(["console", UUID, "4711"].map((name) => run("vm", name)));
  for (const { out } of shown) {
    assertStringIncludes(out, `state         running, process 4711\n`);
    assertEquals(out.trimEnd().split("\n").at(-1)!.split(/ {2,}/), [
      ...[MTTY, "mtty-2", "mtty", "port", "container", "on", "on"],
    ]);
  }
});

Deno.test("vm --json prints the list, also of one machine", async () => {
  const names = async (...argv: string[]) => {
    const { schema, vms } = JSON.parse((await run("vm", "--json", ...argv)).out);
    return [schema, vms.map(({ name }: { name: string }) => name)];
  };
  assertEquals(await names(), [VMS_SCHEMA, ["console", "crypto"]]);
  assertEquals(await names("crypto"), [VMS_SCHEMA, ["crypto"]]);
});

Deno.test("vm and identity --vm refuse a name that no machine has, and list the names", async () => {
  for (const argv of [["vm", "nope"], ["identity", "--vm", "nope"]]) {
    const { code, out, err } = await run(...argv);
    assertEquals([code, out], [2, ""]);
    assertStringIncludes(err, "Cannot find a virtual machine named nope");
    assertStringIncludes(err, "Use one of console, crypto.");
  }
});

Deno.test("identity --vm prints a machine with the identities of its devices", async () => {
  const { code, out } = await run("identity", "--vm", "console");
  const document = readVirtualMachine(JSON.parse(out));
  assertEquals([document.name, document.uuid, document.pid, document.problems], [
    ...["console", UUID, 4711, []],
  ]);
  assertEquals(document.sources.map(({ id, type, vmm }) => [id, type, vmm?.enableMigration]), [
    [MTTY, "mtty-2", "on"],
  ]);
  // Not probed.
  assertEquals(code, 3);
});

Deno.test("identity --vm takes options for what the command line does not say", async () => {
  const [source] = await sourcesOf("identity", "--vm", "crypto", "--qemu-version", "9.2.1");
  assertEquals([source!.vmm?.qemu, source!.vmm?.enableMigration], ["9.2.1", "auto"]);
  const [old] = await sourcesOf("identity", "--vm", "crypto", "--qemu-version", "7.2.0");
  assertEquals(old!.vmm?.enableMigration, "off");
  const [given] = await sourcesOf("identity", "--vm", "console", "--enable-migration", "off");
  assertEquals([given!.vmm?.enableMigration, given!.vmm?.pciBus], ["off", "port"]);
});

async function sourcesOf(...argv: string[]) {
  return readVirtualMachine(JSON.parse((await run(...argv)).out)).sources;
}

Deno.test("identity --vm --initial-data reads the data from an idle sibling, or says why not", async () => {
  const { code, out, err } = await run("identity", "--vm", "console", "--initial-data");
  const document = readVirtualMachine(JSON.parse(out));
  assertEquals(
    document.sources[0]!.initialData?.origin,
    "sibling 1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2",
  );
  assertEquals([code, err.includes("Cannot read the initial data")], [3, false]);
  const refused = await run("identity", "--vm", "crypto", "--initial-data");
  const [problem] = JSON.parse(refused.out).problems;
  assertEquals([refused.code, problem.code, problem.subject], [
    ...[4, "not-permitted", "0000:6b:00.1"],
  ]);
  assertEquals(refused.err.split("Cannot read the initial data").length, 2);
});

/** Runs identity --xml on a text. */
async function identifyXml(xml: string | Uint8Array<ArrayBuffer>, ...more: string[]): Promise<Ran> {
  const directory = Deno.makeTempDirSync({ prefix: "vfio-ask-test-" });
  try {
    const path = join(directory, "domain.xml");
    Deno.writeFileSync(path, typeof xml === "string" ? new TextEncoder().encode(xml) : xml);
    return await run("identity", "--xml", path, ...more);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

const hostdev = (uuid: string) =>
  `<hostdev mode='subsystem' type='mdev'><source><address uuid='${uuid}'/></source></hostdev>`;
const domain = (devices: string) =>
  `<domain>\r\n<name>é</name><devices>${devices}</devices></domain>\n`;

Deno.test("identity --xml describes a machine that is off, with the XML byte for byte", async () => {
  const xml = domain(hostdev(MTTY) + "<graphics type='vnc' passwd='x'/>");
  const { code, out, err } = await identifyXml(xml);
  const { name, state, pid, vmm, libvirt, sources } = readVirtualMachine(JSON.parse(out));
  assertEquals([code, name, state, pid, vmm], [3, "é", "off", null, null]);
  assertEquals(libvirt, { version: null, xml });
  assertEquals(sources.map(({ id }) => id), [MTTY]);
  assertStringIncludes(err, "The XML has the password of a console");
});

Deno.test("identity --xml says which device is missing", async () => {
  const gone = "22222222-0000-4000-8000-000000000001";
  const some = await identifyXml(domain(hostdev(MTTY) + hostdev(gone)));
  assertEquals(some.code, 4);
  assertStringIncludes(some.err, `The device ${gone} of é is no VFIO device of this host now`);
  const { sources, problems } = readVirtualMachine(JSON.parse(some.out));
  assertEquals([sources.length, problems.map(({ code }) => code)], [1, ["gone"]]);
  const none = await identifyXml(domain(hostdev(gone)));
  assertEquals([none.code, none.out], [2, ""]);
  assertStringIncludes(none.err, "Cannot identify any device of é");
});

Deno.test("identity --xml refuses what is not the XML of a domain with VFIO devices", async () => {
  const cases: [string | Uint8Array<ArrayBuffer>, string][] = [
    ["{}", "it is not XML"],
    ["<network/>", "the element is <network>, not <domain>"],
    [domain(""), "é names no VFIO device"],
    [new Uint8Array([0x3c, 0xe9, 0x3e]), "it is not UTF-8"],
  ];
  for (const [xml, why] of cases) {
    const { code, out, err } = await identifyXml(xml);
    assertEquals([code, out], [2, ""], why);
    assertStringIncludes(err, why);
  }
  const absent = await run("identity", "--xml", "/nowhere/domain.xml");
  assertEquals(absent.code, 2);
  assertStringIncludes(absent.err, "there is no such file");
});

Deno.test("identity needs one of DEVICE, --vm and --xml", async () => {
  for (const argv of [[], [MTTY, "--vm", "console"], ["--vm", "a", "--xml", "b"], ["a", "b"]]) {
    const { code, err } = await run("identity", ...argv);
    assertEquals(code, 2);
    assertStringIncludes(err, "identity needs one DEVICE, or --vm, or --xml");
  }
});
