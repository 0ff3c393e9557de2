import { assertEquals, assertThrows } from "@std/assert";
import { Failure, MAX_XML_LENGTH } from "../documents/mod.ts";
import { readDomainXml } from "./domain_xml.ts";

/** As libvirt 11.3 prints it, shortened. */
const DOMAIN = `<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>g1 😀</name>
  <uuid>C0FFEE00-0000-4000-8000-000000000001</uuid>
  <os>
    <type arch='x86_64' machine='pc-q35-10.0'>hvm</type>
  </os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='pci' index='0' model='pcie-root'/>
    <controller type='pci' index='1' model='pcie-root-port'>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x0'/>
    </controller>
    <controller type='pci' index='2' model='pcie-to-pci-bridge'/>
    <hostdev mode='subsystem' type='mdev' managed='no' model='vfio-pci' display='off'>
      <source>
        <address uuid='11111111-0000-4000-8000-00000000000A'/>
      </source>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0'/>
    </hostdev>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <driver name='vfio' iommufd='yes'/>
      <source>
        <address domain='0x0001' bus='0x41' slot='0x10' function='0x7'/>
      </source>
      <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
    </hostdev>
    <hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/></source></hostdev>
    <hostdev mode='subsystem' type='pci'>
      <source><address bus='0x42' slot='1' function='010'/></source>
      <address type='pci' bus='0x02'/>
    </hostdev>
  </devices>
  <qemu:override>
    <qemu:device alias='hostdev0'>
      <qemu:frontend>
        <qemu:property name='enable-migration' type='string' value='on'/>
        <qemu:property name='x-device-dirty-page-tracking' type='bool' value='false'/>
      </qemu:frontend>
    </qemu:device>
  </qemu:override>
</domain>
`.replace("function='010'", "function='07'");

Deno.test("readDomainXml() reads the machine and its VFIO devices", () => {
  const { hostdevs, ...machine } = readDomainXml(DOMAIN);
  assertEquals(machine, {
    name: "g1 😀",
    uuid: "c0ffee00-0000-4000-8000-000000000001",
    machineType: "pc-q35-10.0",
    emulator: "/usr/bin/qemu-system-x86_64",
    hasSecret: false,
  });
  assertEquals(hostdevs.map(({ type, id, managed, alias }) => ({ type, id, managed, alias })), [
    { type: "mdev", id: "11111111-0000-4000-8000-00000000000a", managed: false, alias: null },
    { type: "pci", id: "0001:41:10.7", managed: true, alias: null },
    { type: "pci", id: "0000:42:01.7", managed: null, alias: null },
  ]);
  assertEquals(hostdevs.map(({ options }) => options), [
    {
      pciBus: "root-complex",
      backend: "container",
      enableMigration: "on",
      deviceDirtyPageTracking: "off",
    },
    {
      pciBus: "port",
      backend: "iommufd",
      enableMigration: "default",
      deviceDirtyPageTracking: "default",
    },
    {
      pciBus: "conventional",
      backend: "container",
      enableMigration: "default",
      deviceDirtyPageTracking: "default",
    },
  ]);
});

Deno.test("readDomainXml() says where each source is, whatever the characters before it", () => {
  for (const xml of [DOMAIN, `\uFEFF${DOMAIN}`, DOMAIN.replaceAll("\n", "\r\n")]) {
    const cut = readDomainXml(xml).hostdevs.map(({ sourceStart, sourceEnd }) =>
      xml.slice(sourceStart, sourceEnd).replace(/\s+/g, " ")
    );
    assertEquals(cut, [
      "<source> <address uuid='11111111-0000-4000-8000-00000000000A'/> </source>",
      "<source> <address domain='0x0001' bus='0x41' slot='0x10' function='0x7'/> </source>",
      "<source><address bus='0x42' slot='1' function='07'/></source>",
    ]);
  }
});

Deno.test("readDomainXml() reads an interface that is a host device, and a password", () => {
  const { hostdevs, hasSecret } = readDomainXml(
    `<domain><name>a</name><devices><graphics type='vnc' passwd='x'/>
      <interface type='network'><source network='default'/></interface>
      <interface type='hostdev' managed='yes'><mac address='52:54:00:00:00:01'/>
        <source><address type='pci' domain='0x0000' bus='0xc1' slot='0x00' function='0x2'/></source>
        <alias name='ua-nic'/>
      </interface></devices></domain>`,
  );
  assertEquals(
    hostdevs.map(({ element, type, id, alias, managed }) => ({
      ...{ element, type, id, alias, managed },
    })),
    [
      { element: "interface", type: "pci", id: "0000:c1:00.2", alias: "ua-nic", managed: true },
    ],
  );
  assertEquals(hasSecret, true);
});

/** The options of the devices of a domain with elements for QEMU alone. */
function optionsOf(qemu: string, devices: string): unknown[] {
  const xml = `<domain xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><name>a</name>
    <devices>${devices}</devices>${qemu}</domain>`;
  return readDomainXml(xml).hostdevs.map(({ options }) => options.enableMigration);
}
const MDEV = (alias = "") =>
  `<hostdev type='mdev'><source><address uuid='${crypto.randomUUID()}'/></source>${alias}</hostdev>`;
const VF = `<interface type='hostdev'><source><address bus='1' slot='0'/></source></interface>`;

Deno.test("readDomainXml() reads what is set for QEMU alone, or says that it does not know", () => {
  const args = (...all: string[]) =>
    `<q:commandline>${all.map((value) => `<q:arg value='${value}'/>`).join("")}</q:commandline>`;
  const override = `<q:override><q:device alias='hostdev1'><q:frontend>
    <q:property name='enable-migration' type='string' value='on'/></q:frontend></q:device></q:override>`;
  const two = MDEV() + MDEV();
  assertEquals(optionsOf("", two), ["default", "default"]);
  assertEquals(optionsOf(override, two), ["default", "on"]);
  // Which alias a device gets is not known with interfaces among them.
  assertEquals(optionsOf(override, MDEV() + VF), [null, null]);
  assertEquals(optionsOf(override, MDEV("<alias name='hostdev1'/>") + VF), ["on", null]);
  assertEquals(optionsOf(args("-set", "device.hostdev0.enable-migration=off"), two), [
    "off",
    "default",
  ]);
  assertEquals(optionsOf(args("-global", "vfio-pci.enable-migration=on"), two), ["on", "on"]);
  assertEquals(optionsOf(args("-readconfig", "/x"), two), [null, null]);
});

Deno.test("readDomainXml() refuses what is not the XML of a domain, and says why", () => {
  const deep = `<domain>${"<a>".repeat(300_000)}`;
  const cases: [string, string][] = [
    ["", "it is not XML"],
    ["<domain", "it is not XML"],
    ["{}", "it is not XML"],
    ["<domain><name>a</name>", "it is not XML"],
    ["<!DOCTYPE a [<!ENTITY x 'y'>]><domain><name>&x;</name></domain>", "it is not XML"],
    ["<network><name>a</name></network>", "the element is <network>, not <domain>"],
    ["<domain/>", "it has no <name>"],
    [deep, "nested too deeply"],
    [" ".repeat(MAX_XML_LENGTH + 1), "it is longer than"],
    [
      "<domain><name>a</name><devices><hostdev type='mdev'/></devices></domain>",
      "the source of the device <hostdev type='mdev'> has no valid address",
    ],
    [
      "<domain><name>a</name><devices><hostdev type='pci'><source><address bus='0x100' slot='0'/>" +
      "</source></hostdev></devices></domain>",
      "the source of the device <hostdev type='pci'> has no valid address",
    ],
  ];
  for (const [xml, why] of cases) {
    const failure = assertThrows(() => readDomainXml(xml), Failure, why);
    assertEquals([failure.code, failure.subject], ["bad-input", "domain XML"]);
  }
});
