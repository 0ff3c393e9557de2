/** Virtual machines for libvirt, and their migration as a user does it. */
import { assertEquals } from "@std/assert";
import type { Ran } from "./agent.ts";
import { type Host, otherThan } from "./host.ts";

/** A virtual machine without a disk and an operating system: its firmware idles. */
export interface Domain {
  name: string;
  uuid: string;
  /** The UUIDs of its mediated devices. */
  mdevs: readonly string[];
  /** Options of QEMU for its first mediated device. */
  options?: Readonly<Record<string, string>>;
}

/** The domain XML of a virtual machine. */
export function domainXml({ name, uuid, mdevs, options = {} }: Domain): string {
  const hostdevs = mdevs.map((mdev) =>
    `    <hostdev mode='subsystem' type='mdev' model='vfio-pci'>
      <source><address uuid='${mdev}'/></source>
    </hostdev>
`
  );
  const properties = Object.entries(options).map(([property, value]) =>
    `      <qemu:property name='${property}' type='string' value='${value}'/>\n`
  );
  const override = properties.length === 0 ? "" : `  <qemu:override>
    <qemu:device alias='hostdev0'><qemu:frontend>
${properties.join("")}    </qemu:frontend></qemu:device>
  </qemu:override>
`;
  return `<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>${name}</name>
  <uuid>${uuid}</uuid>
  <memory unit='MiB'>64</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/></features>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
${hostdevs.join("")}  </devices>
${override}</domain>
`;
}

/** Defines a virtual machine. */
export async function defineDomain(host: Host, domain: Domain): Promise<void> {
  const file = `/root/${domain.name}.xml`;
  await host.must(`cat > ${file} && virsh --quiet define ${file}`, { stdin: domainXml(domain) });
}

/** Defines and starts a virtual machine. */
export async function startDomain(host: Host, domain: Domain): Promise<void> {
  await defineDomain(host, domain);
  await host.must(`virsh --quiet start ${domain.name}`);
}

/** Ends a virtual machine and forgets it, on a host that may have only its definition. */
export async function removeDomain(host: Host, name: string): Promise<void> {
  await host.run(
    `virsh --quiet destroy ${name} 2> /dev/null; virsh --quiet undefine ${name} 2> /dev/null; true`,
  );
}

/** The state of a virtual machine with its reason, such as `running (migrated)`, or null if the host does not have it. */
export async function stateOf(host: Host, name: string): Promise<string | null> {
  const { code, stdout } = await host.run(`virsh domstate ${name} --reason 2> /dev/null`);
  return code === 0 ? stdout.trim() : null;
}

/** Migrates a virtual machine to the other host, with an edited XML if that host's devices have other names. */
export async function migrate(
  from: Host,
  name: string,
  devices: Readonly<Record<string, string>>,
): Promise<Ran> {
  const edits = Object.entries(devices).map(([source, target]) => ` -e s/${source}/${target}/`);
  const xml = edits.length === 0 ? "" : "--xml /root/dest.xml ";
  if (xml !== "") {
    await from.must(`virsh dumpxml --migratable ${name} | sed${edits.join("")} > /root/dest.xml`);
  }
  return await from.run(
    `virsh migrate --live ${xml}${name} qemu+tcp://${otherThan(from).name}/system`,
  );
}

/** Checks that a virtual machine has moved: it runs on the other host, and is shut off on this one. */
export async function assertMoved(from: Host, name: string): Promise<void> {
  assertEquals(await stateOf(otherThan(from), name), "running (migrated)");
  const left = await stateOf(from, name);
  if (left !== null) assertEquals(left, "shut off (migrated)");
}

/** Checks that a virtual machine has stayed: it still runs on this host, and the other one does not have it. */
export async function assertStayed(from: Host, name: string): Promise<void> {
  assertEquals((await stateOf(from, name))?.split(" ")[0], "running");
  assertEquals(await stateOf(otherThan(from), name), null);
}

/** Makes a mediated device with mdevctl. */
export async function startMdev(
  host: Host,
  type: string,
  uuid: string,
  parent = "mtty",
): Promise<void> {
  await host.must(`mdevctl start --uuid ${uuid} --parent ${parent} --type ${type}`);
}

/** Removes a mediated device. */
export async function stopMdev(host: Host, uuid: string): Promise<void> {
  await host.must(`mdevctl stop --uuid ${uuid}`);
}
