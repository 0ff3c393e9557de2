import { assertEquals, assertThrows } from "@std/assert";
import { domainXml } from "../../tests/fixtures/vm_document.ts";
import { Failure } from "../documents/mod.ts";
import { changeDomainXml, type Target } from "./change_domain_xml.ts";

const A = "11111111-2222-4333-8444-555555555555";
const B = "22222222-2222-4333-8444-555555555555";
const mdev = (id: string): Target => ({ kind: "mdev", id });
const pci = (id: string): Target => ({ kind: "pci", id });

Deno.test("changeDomainXml() changes only the source of the device", () => {
  const xml = domainXml(A);
  const changed = changeDomainXml(xml, new Map([[A, mdev(B)]]));
  // The comment has the same UUID, and stays.
  const at = xml.lastIndexOf(A);
  assertEquals(changed, xml.slice(0, at) + B + xml.slice(at + A.length));
});

Deno.test("changeDomainXml() can swap devices, and changes nothing if all stay", () => {
  const xml = domainXml(A, B);
  const swapped = changeDomainXml(xml, new Map([[A, mdev(B)], [B, mdev(A)]]));
  const comment = xml.indexOf("-->");
  assertEquals(swapped.slice(comment), domainXml(B, A).slice(comment));
  assertEquals(changeDomainXml(xml, new Map([[A, mdev(A)], [B, mdev(B)]])), xml);
  const upper = domainXml(A.replaceAll("-", "").toUpperCase());
  assertEquals(changeDomainXml(upper, new Map([[A, mdev(A)]])), upper);
});

/** A domain with one device of PCI. */
function pciXml(element: string): string {
  return `<domain><name>a</name><devices>${element}</devices></domain>`;
}

Deno.test("changeDomainXml() writes PCI addresses in the style of the XML", () => {
  const cases = [
    [
      `<hostdev type='pci'><source><address domain='0x0000' bus='0x41' slot='0x10' function='0x7'/></source></hostdev>`,
      "0000:41:10.7",
      `<hostdev type='pci'><source><address domain='0x0001' bus='0x0a' slot='0x01' function='0x2'/></source></hostdev>`,
    ],
    [
      `<interface type='hostdev'><source>\n<!-- <address bus='1'/> --><address type="pci" bus="65" slot="1"/></source><mac address='52:54:00:00:00:01'/></interface>`,
      "0000:41:01.0",
      `<interface type='hostdev'><source>\n<!-- <address bus='1'/> --><address domain='0x0001' function='0x2' type="pci" bus="10" slot="1"/></source><mac address='52:54:00:00:00:01'/></interface>`,
    ],
    [
      `<hostdev type='pci'><source><address bus='0101' slot = '02' function='0'/></source></hostdev>`,
      "0000:41:02.0",
      `<hostdev type='pci'><source><address domain='0x0001' bus='012' slot = '01' function='2'/></source></hostdev>`,
    ],
  ] as const;
  for (const [before, id, after] of cases) {
    const changed = changeDomainXml(pciXml(before), new Map([[id, pci("0001:0a:01.2")]]));
    assertEquals(changed, pciXml(after));
  }
});

Deno.test("changeDomainXml() refuses what the source alone cannot say", () => {
  const refusals = [
    [new Map([[A, pci("0000:41:00.1")]]), "unsupported", "of type mdev in it"],
    [new Map(), "bad-input", "which has no target"],
    [new Map([[A, mdev(B)], [B, mdev(A)]]), "bad-input", "no VFIO device"],
    [new Map([[A, mdev("x' y='")]]), "unsupported", "neither an mdev nor"],
    [new Map([[A, mdev("'/><address uuid='" + B)]]), "unsupported", "neither an mdev nor"],
  ] as const;
  for (const [targets, code, why] of refusals) {
    const failure = assertThrows(() => changeDomainXml(domainXml(A), targets), Failure, why);
    assertEquals(failure.code, code);
  }
  assertThrows(() => changeDomainXml("<domain", new Map()), Failure, "not XML");
});

Deno.test("changeDomainXml() changes the right place after characters of any length", () => {
  const xml = domainXml(A);
  const written = [
    xml.replace("<name>g1", "<title>😀 é\u2028</title><name>g1"),
    xml.replaceAll("\n", "\r\n"),
    `\uFEFF${xml}`,
    `<?xml version='1.0'?>\n<!-- by hand -->\n${xml}`,
  ];
  for (const xml of written) {
    const changed = changeDomainXml(xml, new Map([[A, mdev(B)]]));
    const at = xml.lastIndexOf(A);
    assertEquals(changed, xml.slice(0, at) + B + xml.slice(at + A.length));
  }
});
