import { assertEquals, assertThrows } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { readDomainXml } from "../vms/mod.ts";
import { pairDevices } from "./pair_devices.ts";
import { spliceSources } from "../moves/mod.ts";

const uuid = (digit: number) => `${String(digit).repeat(8)}-0000-4000-8000-000000000000`;
const sources = [1, 2, 3].map((digit) => mttyIdentity({ id: uuid(digit) }));

const mdev = (id: string) =>
  `<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address uuid='${id}'/></source></hostdev>`;

function domain(...devices: readonly string[]) {
  const xml = `<domain><name>é&amp;</name><devices>${devices.join("\n")}</devices></domain>`;
  return { xml, hostdevs: readDomainXml(xml).hostdevs };
}

const pairs = (...ids: readonly string[]) => {
  const paired = pairDevices(sources, domain(...ids.map(mdev)).hostdevs);
  return typeof paired === "string"
    ? paired
    : paired.map(({ source, hostdev }) => [source.id[0], hostdev.id[0]].join());
};

Deno.test("pairDevices() finds the sources by name in any order", () => {
  assertEquals(pairs(uuid(3), uuid(1), uuid(2)), ["3,3", "1,1", "2,2"]);
});

Deno.test("pairDevices() takes devices of another host in order", () => {
  assertEquals(pairs(uuid(7), uuid(8), uuid(9)), ["1,7", "2,8", "3,9"]);
  assertEquals(pairs(uuid(3), uuid(8), uuid(2)), ["3,3", "1,8", "2,2"]);
});

Deno.test("pairDevices() does not guess", () => {
  assertEquals(
    pairs(uuid(3), uuid(8), uuid(9)),
    "the XML names only some of the devices in the identity",
  );
  assertEquals(pairs(uuid(3)), "the XML has 1 VFIO devices, but the identity in it has 3");
});

const ADDRESS = "<address domain='0x0000' bus='0x01' slot='0x10' function='0x0'/>";
const INTERFACE = ADDRESS.replace("<address", "<address type='pci'");

Deno.test("spliceSources() changes sources alone, of mdevs, PCI devices and interfaces", () => {
  const { xml, hostdevs } = domain(
    mdev(uuid(1)),
    `<hostdev mode='subsystem' type='pci'><source>${ADDRESS}</source></hostdev>`,
    mdev(uuid(2)),
    `<interface type='hostdev'><source>${INTERFACE}</source></interface>`,
  );
  const devices = [uuid(8), "0001:ab:1f.7", uuid(2), "0000:02:00.1"];
  const changes = hostdevs.map((hostdev, index) => ({ hostdev, device: devices[index]! }));
  const spliced = spliceSources(xml, changes);
  assertEquals(readDomainXml(spliced).hostdevs.map(({ id }) => id), devices);
  const expected = xml.replace(uuid(1), uuid(8))
    .replace(ADDRESS, "<address domain='0x0001' bus='0xab' slot='0x1f' function='0x7'/>")
    .replace(
      INTERFACE,
      "<address type='pci' domain='0x0000' bus='0x02' slot='0x00' function='0x1'/>",
    );
  assertEquals(spliced, expected);
  assertEquals(
    spliceSources(xml, hostdevs.map((hostdev) => ({ hostdev, device: hostdev.id }))),
    xml,
  );
});

Deno.test("spliceSources() writes nothing that is no name of a device", () => {
  const { xml, hostdevs: [hostdev] } = domain(mdev(uuid(1)));
  for (const device of ["'/><x>", "0000:02:00.1", ""]) {
    assertThrows(() => spliceSources(xml, [{ hostdev: hostdev!, device }]), TypeError);
  }
});
