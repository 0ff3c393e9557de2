/** A PCI function's address: domain, bus, device (0 to 31) and function (0 to 7). */
export interface PciAddress {
  domain: number;
  bus: number;
  device: number;
  function: number;
}

const PATTERN = /^(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])$/i;

/** Parses `0000:41:00.1`, or `41:00.1` in domain 0; null if the text is not a PCI address. */
export function parsePciAddress(text: string): PciAddress | null {
  const match = PATTERN.exec(text);
  if (match === null) return null;
  const [domain, bus, device] = [match[1] ?? "0", match[2]!, match[3]!].map((s) => parseInt(s, 16));
  if (device! > 31) return null;
  return { domain: domain!, bus: bus!, device: device!, function: Number(match[4]) };
}

/** Formats an address as in sysfs: `0000:41:00.1`. */
export function formatPciAddress(address: PciAddress): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  return `${hex(address.domain, 4)}:${hex(address.bus, 2)}:${
    hex(address.device, 2)
  }.${address.function}`;
}
