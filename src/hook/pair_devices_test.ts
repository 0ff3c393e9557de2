import { assertEquals } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { readDomainXml } from "../vms/mod.ts";
import { pairDevices } from "./pair_devices.ts";

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
