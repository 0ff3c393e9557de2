import { assertEquals, assertThrows } from "@std/assert";
import { readDomainXml } from "./domain_xml.ts";
import { spliceSources } from "./splice_sources.ts";

const A = "11111111-0000-4000-8000-00000000000a";
const B = "22222222-0000-4000-8000-00000000000b";
const XML = `<?xml version='1.0'?>\r
<!-- é😀 --><domain type="kvm"><name>g</name><devices>
  <hostdev mode='subsystem' type='mdev'><source><address uuid='${A}'/></source><alias name='h'/></hostdev>
  <hostdev mode='subsystem' type='pci'>
    <source>
      <address domain='0x0000' bus='0x41' slot='0x10' function='0x7'/>
    </source>
  </hostdev>
  <interface type='hostdev'><source><address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source></interface>
</devices></domain>\t`;

Deno.test("spliceSources() changes the named sources only, byte for byte", () => {
  const { hostdevs } = readDomainXml(XML);
  const changes = hostdevs.map((hostdev) => ({
    hostdev,
    device: hostdev.type === "mdev"
      ? B
      : hostdev.element === "hostdev"
      ? "0001:02:03.4"
      : "0000:02:00.1",
  }));
  const changed = spliceSources(XML, changes);
  assertEquals(
    changed,
    XML.replace(A, B).replace(
      /<source>\s+<address domain.*?\/>\s+<\/source>/,
      "<source><address domain='0x0001' bus='0x02' slot='0x03' function='0x4'/></source>",
    ).replace("bus='0x01' slot='0x00' function='0x0'", "bus='0x02' slot='0x00' function='0x1'"),
  );
  assertEquals(readDomainXml(changed).hostdevs.map(({ id }) => id), [
    B,
    "0001:02:03.4",
    "0000:02:00.1",
  ]);
});

Deno.test("spliceSources() keeps the XML if every device has the same name", () => {
  const changes = readDomainXml(XML).hostdevs.map((hostdev) => ({ hostdev, device: hostdev.id }));
  assertEquals(spliceSources(XML, changes), XML);
});

Deno.test("spliceSources() refuses a name that does not fit the device", () => {
  const [mdev, pci] = readDomainXml(XML).hostdevs;
  assertThrows(() => spliceSources(XML, [{ hostdev: mdev!, device: "0000:41:10.0" }]), TypeError);
  assertThrows(() => spliceSources(XML, [{ hostdev: pci!, device: `${B}'/><x y='` }]), TypeError);
});
