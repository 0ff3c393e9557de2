import { parsePciAddress } from "../documents/mod.ts";
import type { DomainHostdev } from "./domain_xml.ts";

/**
 * The XML with other devices of the host in it. Only the `<source>` of each named device changes. Pure. Throws a
 * TypeError for a device whose name does not fit.
 */
export function spliceSources(
  xml: string,
  changes: readonly { hostdev: DomainHostdev; device: string }[],
): string {
  let text = xml;
  const last = changes.toSorted((a, b) => b.hostdev.sourceStart - a.hostdev.sourceStart);
  for (const { hostdev: { type, id, sourceStart, sourceEnd, element }, device } of last) {
    if (id === device) continue;
    const source = `<source>${addressOf(type, element, device)}</source>`;
    text = text.slice(0, sourceStart) + source + text.slice(sourceEnd);
  }
  return text;
}

function addressOf(
  type: DomainHostdev["type"],
  element: DomainHostdev["element"],
  device: string,
): string {
  if (type === "mdev" && /^[0-9a-f-]{36}$/.test(device)) return `<address uuid='${device}'/>`;
  const address = type === "pci" ? parsePciAddress(device) : null;
  if (address === null) throw new TypeError(`${device} is no device for a ${type} <${element}>`);
  const hex = (value: number, digits: number) => `0x${value.toString(16).padStart(digits, "0")}`;
  const kind = element === "interface" ? "type='pci' " : "";
  const { domain, bus, device: slot, function: number } = address;
  return `<address ${kind}domain='${hex(domain, 4)}' bus='${hex(bus, 2)}' ` +
    `slot='${hex(slot, 2)}' function='${hex(number, 1)}'/>`;
}
