import type { PciConfig } from "../../documents/mod.ts";
import type { Candidate } from "./configurations.ts";
import { find, type Finding, vendorOf } from "./finding.ts";

/**
 * What the guest sees and QEMU does not check. Another BAR is refused: the guest has mapped the source's. Other subsystem
 * ids are a warning: a guest's driver reads them once, if at all.
 */
export function checkUnchecked(target: Candidate, theirs: PciConfig, ours: PciConfig): Finding[] {
  const vendor = vendorOf(target);
  const found: Finding[] = [];
  if (barsText(theirs) !== barsText(ours)) {
    const sentence =
      `${vendor}: the BARs are not the source's, which the guest has mapped; QEMU does not check their sizes`;
    const values = { source: barsText(theirs) || "none", host: barsText(ours) || "none" };
    found.push(find("refuse", "BarsDiffer", sentence, values));
  }
  if (theirs.subsystem !== ours.subsystem) {
    const sentence =
      `${vendor}: the guest would see other subsystem ids than the source's; QEMU does not check them`;
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
