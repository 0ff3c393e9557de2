import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { type PlantedHost, plantEmptyHost } from "../../tests/fixtures/planted_host.ts";
import { mttyDevice, mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import {
  type Device,
  Failure,
  FoundMachines,
  type Holder,
  readVirtualMachine,
} from "../documents/mod.ts";
import { describeMachine, devicesOfMachine } from "./describe_machine.ts";
import type { LibvirtAt } from "./libvirt.ts";
import { listMachines } from "./list_machines.ts";
import { machineNamed, machineOfXml, makeMachineReader } from "./read_machines.ts";

const UUID = "c0ffee00-0000-4000-8000-000000000001";
const OFF = "c0ffee00-0000-4000-8000-000000000002";
const MDEV = mttyDevice().id;
const OTHER = "22222222-0000-4000-8000-000000000001";

const all = { xmlOf: null, secrets: true };
const holder = (pid: number, node: string, name = "qemu-system-x86"): Holder => ({
  ...{ pid, node, name },
});

/** Plants a process with its arguments. */
function plantProcess({ proc, roots }: PlantedHost, pid: number, args: readonly string[]): void {
  proc.directory(`${pid}/fd`);
  Deno.writeTextFileSync(
    join(roots.proc, `${pid}/cmdline`),
    args.map((text) => `${text}\0`).join(""),
  );
}

const domainXml = (name: string, uuid: string, mdev: string, more = "") =>
  `<domain type='kvm'>
  <name>${name}</name>
  <uuid>${uuid}</uuid>
  <os><type machine='pc-q35-10.0'>hvm</type></os>
  <devices>
    ${more}<controller type='pci' index='0' model='pcie-root'/>
    <hostdev mode='subsystem' type='mdev'><source><address uuid='${mdev}'/></source>
      <address type='pci' bus='0x00'/></hostdev>
  </devices>
</domain>
`;

/** A virsh that knows these domains: UUID, state, XML. */
function plantVirsh(
  { directory }: PlantedHost,
  domains: readonly (readonly [string, string, string])[],
): LibvirtAt {
  const folder = join(directory, "domains");
  Deno.mkdirSync(folder);
  for (const [uuid, state, xml] of domains) {
    Deno.writeTextFileSync(join(folder, uuid), xml);
    Deno.writeTextFileSync(join(folder, `${uuid}.state`), state);
  }
  const program = join(directory, "virsh");
  Deno.writeTextFileSync(
    program,
    `#!/bin/sh
while [ $# -gt 1 ]; do shift; done
echo "$1" | tr ';' '\\n' | while read -r command a b; do
  case "$command $a" in
    "list --all") ls ${folder} | grep -v state ;;
    "version --daemon") printf 'Using API: QEMU 9.0.0\\nRunning against daemon: 11.3.0\\n' ;;
    "echo "*) printf %s "$a" ;;
    "domstate "*) cat ${folder}/$a.state; echo ;;
    "dumpxml --migratable") cat ${folder}/$b; echo ;;
    "dumpxml "*) cat ${folder}/$a; echo ;;
  esac
done
`,
    { mode: 0o755 },
  );
  return { sockets: [folder], programs: [program], uri: "qemu:///system", timeoutMs: 60_000 };
}

const versionOf = () => Promise.resolve("10.0.2");

Deno.test("makeMachineReader() finds the processes of QEMU among those that hold nodes", async () => {
  using host = plantEmptyHost();
  plantProcess(host, 10, [
    ...["/usr/bin/qemu-system-x86_64", "-name", "a\u001bb", "-machine", "pc-q35-10.0"],
    ...["-device", `vfio-pci,sysfsdev=/sys/bus/mdev/devices/${MDEV},bus=pcie.0`],
  ]);
  plantProcess(host, 11, ["/usr/bin/spdk_tgt", "-m", "0x1"]);
  plantProcess(host, 12, ["/opt/monitor", "-device", "vfio-pci,fd=7"]);
  host.proc.linkText("12/fd/7", "/dev/vfio/devices/vfio3");
  const read = makeMachineReader(host.roots, { libvirt: null, versionOf });
  const { machines, problems } = (await read([
    holder(10, "/dev/vfio/1"),
    holder(10, "/dev/vfio/2"),
    holder(11, "/dev/vfio/3", "reactor_0"),
    holder(12, "/dev/vfio/devices/vfio3", "monitor"),
    holder(13, "/dev/vfio/4"),
  ]))(all);
  assertEquals(problems, []);
  assertEquals(machines.map(({ name, pid, qemu, machineType }) => [name, pid, qemu, machineType]), [
    ["a\\u001bb", 10, "10.0.2", "pc-q35-10.0"],
    ["monitor-12", 12, "10.0.2", null],
  ]);
  assertEquals(machines.map(({ devices }) => devices.map(({ id, node }) => [id, node])), [
    [[MDEV, null]],
    [[null, "/dev/vfio/devices/vfio3"]],
  ]);
});

Deno.test("makeMachineReader() joins what libvirt and the process know about one machine", async () => {
  using host = plantEmptyHost();
  plantProcess(host, 10, [
    ...["/usr/bin/qemu-system-x86_64", "-name", "guest=g1", "-uuid", UUID, "-M", "q35"],
    ...["-device", `vfio-pci,sysfsdev=/x/${MDEV},bus=unknown,enable-migration=on`],
  ]);
  const xml = domainXml("g1", UUID, MDEV);
  const libvirt = plantVirsh(host, [
    [UUID, "running", xml],
    [OFF, "shut off", domainXml("g2", OFF, OTHER)],
    [OTHER, "running", `<domain><name>none</name><uuid>${OTHER}</uuid></domain>`],
    ["c0ffee00-0000-4000-8000-00000000000f", "running", "<domain><name>bad</domain>"],
  ]);
  const read = makeMachineReader(host.roots, { libvirt, versionOf, isRoot: true });
  const { machines, problems } = (await read([holder(10, "/dev/vfio/1")]))({ ...all, xmlOf: "g1" });
  assertEquals(problems.map(({ code, subject }) => [code, subject]), [
    ["bad-input", "c0ffee00-0000-4000-8000-00000000000f"],
  ]);
  const [running, off] = machines;
  assertEquals(machines.length, 2);
  assertEquals(running!.libvirt, { version: "11.3.0", xml });
  assertEquals([running!.pid, running!.machineType, running!.qemu], [10, "pc-q35-10.0", "10.0.2"]);
  assertEquals(running!.devices[0]!.options, {
    pciBus: "root-complex",
    backend: "container",
    enableMigration: "on",
    deviceDirtyPageTracking: "default",
  });
  assertEquals([off!.name, off!.state, off!.pid, off!.libvirt], ["g2", "off", null, {
    version: "11.3.0",
    xml: null,
  }]);
});

Deno.test("makeMachineReader() leaves out XML that the caller must not see, and says so", async () => {
  using host = plantEmptyHost();
  const libvirt = plantVirsh(host, [
    [UUID, "shut off", domainXml("g1", UUID, MDEV, "<graphics type='vnc' passwd='x'/>")],
  ]);
  const xmlOf = async (isRoot: boolean, secrets: boolean) => {
    const read = makeMachineReader(host.roots, { libvirt, isRoot });
    const [machine] = (await read([]))({ xmlOf: UUID, secrets }).machines;
    const { libvirt: { xml } = {}, problems } = machine as { libvirt?: { xml?: string | null } } & {
      problems: { sentence: string }[];
    };
    return [typeof xml, problems.map(({ sentence }) => sentence.split(": ")[1])];
  };
  assertEquals(await xmlOf(true, true), ["string", []]);
  assertEquals(await xmlOf(true, false), ["object", ["it has the password of a console"]]);
  assertEquals(await xmlOf(false, true), [
    "object",
    ["libvirt gives the one for a migration only to root"],
  ]);
});

Deno.test("makeMachineReader() does not use libvirt without its socket, and does not wait for it forever", async () => {
  using host = plantEmptyHost();
  const program = join(host.directory, "virsh");
  Deno.writeTextFileSync(program, "#!/bin/sh\nexec sleep 600\n", { mode: 0o755 });
  const at = { programs: [program], uri: "qemu:///system", timeoutMs: 50 };
  const ask = async (libvirt: LibvirtAt) =>
    (await makeMachineReader(host.roots, { libvirt })([]))(all);
  const absent = await ask({ ...at, sockets: [join(host.directory, "absent")] });
  assertEquals(absent, { machines: [], problems: [] });
  const { problems } = await ask({ ...at, sockets: [program] });
  assertEquals(problems.map(({ code, subject }) => [code, subject]), [["unavailable", "libvirt"]]);
  assertStringIncludes(problems[0]!.sentence, "did not answer in time");
  Deno.writeTextFileSync(program, "#!/bin/sh\necho 'error: no way' >&2; exit 1\n");
  const failed = await ask({ ...at, sockets: [program], timeoutMs: 60_000 });
  assertEquals(failed.problems[0]!.sentence, "Cannot ask libvirt: no way");
});

Deno.test("makeMachineReader() gives a valid document, whatever a process or an XML says", async () => {
  using host = plantEmptyHost();
  const bad = ["\u001b".repeat(1000), "", "/", "é".repeat(5000), "a\n", "{", "[]", "null", ",,,="];
  for (const [index, text] of bad.entries()) {
    plantProcess(host, 100 + index, [
      ...["qemu", "-name", text, "-uuid", text, "-machine", text, "-global", text, "-set", text],
      ...["-device", text, "-device", `vfio-pci,host=${text},sysfsdev=${text},bus=${text}`],
      ...["-device", `vfio-pci,fd=${text},enable-migration=${text},id=${text}`],
      ...["-device", JSON.stringify({ driver: "vfio-pci", host: text, fd: [text], bus: {} })],
    ]);
  }
  plantProcess(host, 99, ["qemu", "-device", `vfio-pci,host=${"1".repeat(3 << 20)}`]);
  const xml = domainXml("\u0085" + "x".repeat(2000), "y".repeat(2000), MDEV)
    .replace("pc-q35-10.0", "z".repeat(2000));
  const libvirt = plantVirsh(host, [[UUID, "running", xml]]);
  const read = makeMachineReader(host.roots, { libvirt, versionOf, isRoot: true });
  const pids = [99, ...bad.keys().map((index) => 100 + index)];
  const found = (await read(pids.map((pid) => holder(pid, `/dev/vfio/${pid}`, "qemu\u001b"))))({
    ...all,
    xmlOf: UUID,
  });
  assertEquals(found.machines.length, bad.length + 2);
  assertEquals(FoundMachines.parse(JSON.parse(JSON.stringify(found))), found);
  for (const machine of found.machines) {
    const { devices } = devicesOfMachine(mttySnapshot(), machine);
    if (devices.length === 0) continue;
    readVirtualMachine(await describeMachine(mttySnapshot(), machine));
  }
  readVirtualMachine(await describeMachine(mttySnapshot(), machineOfXml(xml)));
});

Deno.test("machineNamed() finds a machine by name, UUID or pid, and lists the names otherwise", async () => {
  using host = plantEmptyHost();
  for (const [pid, name] of [[10, "a"], [11, "b"], [12, "b"], [13, "11"]] as const) {
    plantProcess(host, pid, ["qemu", "-name", name, "-uuid", UUID.replace(/1$/, String(pid % 10))]);
  }
  const read = makeMachineReader(host.roots, { libvirt: null });
  const found = (await read([10, 11, 12, 13].map((pid) => holder(pid, `/dev/vfio/${pid}`))))(all);
  assertEquals(machineNamed(found, "a").pid, 10);
  assertEquals(machineNamed(found, "12").pid, 12);
  assertEquals(machineNamed(found, "11").pid, 13);
  assertEquals(machineNamed(found, found.machines[2]!.uuid!.toUpperCase()).name, "b");
  const several = assertThrows(() => machineNamed(found, "b"), Failure);
  assertStringIncludes(several.remedy!, UUID);
  const none = assertThrows(() => machineNamed(found, "c"), Failure);
  assertEquals([none.code, none.remedy], ["not-found", "Use one of 11, a, b, b."]);
});

const used = (pid: number, node: string): Device["use"] => ({
  state: "in-use",
  holder: holder(pid, node),
});

Deno.test("devicesOfMachine() takes the devices that the process holds, whatever its command line says", async () => {
  using host = plantEmptyHost();
  plantProcess(host, 10, [
    ...["qemu", "-name", "g", "-machine", "pc-q35-8.0"],
    ...[MDEV, OTHER, "unreadable", "gone"].flatMap((
      id,
    ) => ["-device", `vfio-pci,sysfsdev=/x/${id}`]),
  ]);
  const read = makeMachineReader(host.roots, {
    libvirt: null,
    versionOf: () => Promise.resolve("7.2.0"),
  });
  const { machines } = (await read([holder(10, "/dev/vfio/1")]))(all);
  const device = (id: string, group: string, use: Device["use"]) =>
    mttyDevice({ id, use, nodes: { cdev: null, group } });
  const snapshot = mttySnapshot({
    problems: [{ code: "kernel", subject: "unreadable", sentence: "It is.", remedy: null }],
    devices: [
      device(MDEV, "/dev/vfio/1", used(10, "/dev/vfio/1")),
      // It was unplugged.
      device(OTHER, "/dev/vfio/2", { state: "idle", holder: null }),
      // It was plugged in.
      device("plugged", "/dev/vfio/3", used(10, "/dev/vfio/3")),
      // They share a group, of which the machine has one.
      device("first", "/dev/vfio/4", used(10, "/dev/vfio/4")),
      device("second", "/dev/vfio/4", used(10, "/dev/vfio/4")),
      device("other", "/dev/vfio/5", used(11, "/dev/vfio/5")),
    ],
  });
  const { devices, problems } = devicesOfMachine(snapshot, machines[0]!);
  assertEquals(devices.map(({ device, vmm }) => [device.id, vmm.backend, vmm.enableMigration]), [
    [MDEV, "container", "off"],
    ["plugged", null, null],
  ]);
  assertEquals(problems.map(({ code, subject }) => [code, subject]), [
    ["kernel", "unreadable"],
    ["failed", "g"],
  ]);
  const { vms } = listMachines(snapshot, { machines, problems: [] });
  assertEquals(vms[0]!.devices.map(({ id, driver }) => [id, driver]), [
    [MDEV, "mtty"],
    ["plugged", "mtty"],
  ]);
});

Deno.test("describeMachine() makes a document that readVirtualMachine() reads, from XML alone too", async () => {
  const xml = domainXml("g2", UUID, MDEV);
  const document = await describeMachine(mttySnapshot(), machineOfXml(xml));
  assertEquals(readVirtualMachine(JSON.parse(JSON.stringify(document))), document);
  assertEquals([document.state, document.libvirt, document.vmm], [
    "off",
    { version: null, xml },
    { qemu: null, machineType: "pc-q35-10.0" },
  ]);
  assertEquals(document.sources.map(({ id, vmm }) => [id, vmm]), [[MDEV, {
    qemu: null,
    machineType: "pc-q35-10.0",
    pciBus: "root-complex",
    backend: "container",
    enableMigration: "auto",
    deviceDirtyPageTracking: "on",
  }]]);
});

Deno.test("describeMachine() refuses a machine without a device that the host has", async () => {
  const refused = (xml: string) =>
    assertRejects(() => describeMachine(mttySnapshot(), machineOfXml(xml)), Failure);
  const gone = await refused(domainXml("g2", UUID, OTHER));
  assertEquals(gone.code, "not-found");
  assertStringIncludes(
    gone.message,
    `The device ${OTHER} of g2 is no VFIO device of this host now`,
  );
  const none = await refused("<domain><name>g3</name></domain>");
  assertStringIncludes(none.message, "g3 names no VFIO device");
});
