import type { PciConfig } from "../../documents/mod.ts";
import type { Candidate } from "./configurations.ts";
import { find, type Finding, vendorOf } from "./finding.ts";

/**
 * What the guest sees but QEMU does not check. Different BARs are refused, because the guest has mapped the source's.
 * Different subsystem ids are a warning, because a guest driver reads them at most once.
 */
export function checkUnchecked(target: Candidate, theirs: PciConfig, ours: PciConfig): Finding[] {
  const vendor = vendorOf(target);
  const found: Finding[] = [];
  if (barsText(theirs) !== barsText(ours)) {
    const sentence =
      `${vendor}: the BARs differ from the source's, which the guest has mapped; QEMU does not check BAR sizes`;
    const values = { source: barsText(theirs) || "none", host: barsText(ours) || "none" };
    found.push(find("refuse", "BarsDiffer", sentence, values));
  }
  if (theirs.subsystem !== ours.subsystem) {
    const sentence =
      `${vendor}: the subsystem ids differ from the source's, and the guest sees them; QEMU does not check them`;
    const values = { source: theirs.subsystem, host: ours.subsystem };
    found.push(find("warn", "SubsystemDiffers", sentence, values));
  }
  return found;
}

function barsText({ bars }: PciConfig): string {
  return bars.map(({ index, kind, size, prefetchable }) =>
    `${index}:${kind}${prefetchable ? "p" : ""}:${size}`
  ).join(" ");
}
