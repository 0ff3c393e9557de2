import type { Identity, PciConfig, Reason } from "../../documents/mod.ts";
import type { Candidate } from "./configurations.ts";
import { checkUnchecked } from "./check_unchecked_pci.ts";
import { comparePciConfigs, decodedDifferences } from "./compare_pci_configs.ts";
import { driverOf, find, type Finding, vendorOf } from "./finding.ts";
import type { ToldDifferences } from "./tell_differences.ts";

/**
 * Whether QEMU accepts the PCI configurations. QEMU compares both devices itself, whatever the drivers say, and refuses
 * differences. If the configuration of one side is unknown, the result is unknown too.
 */
export function checkPciConfig(source: Identity, target: Candidate): Finding[] {
  const [theirs, ours] = [source.pciConfig, target.pciConfig];
  if (theirs === null || ours === null) return notKnown(source, target);
  return [
    ...checkCompared(source, target, [theirs, ours]),
    ...checkUnchecked(target, theirs, ours),
  ];
}

function notKnown(source: Identity, target: Candidate): Finding[] {
  const apis = [source.deviceApi, target.deviceApi];
  if (!apis.includes("vfio-pci")) return [];
  const values = {
    source: source.pciConfig === null ? null : "known",
    host: target.pciConfig === null ? null : "known",
  };
  const [name, side] = source.pciConfig === null
    ? [driverOf(source), "of the source"]
    : [vendorOf(target), "of the target"];
  const sentence = `${name}: the PCI configuration ${side} is unknown, and QEMU compares it`;
  return [{ ...find("unknown", "PciConfigUnknown", sentence, values), by: "vmm" }];
}

function checkCompared(
  source: Identity,
  target: Candidate,
  [theirs, ours]: readonly [PciConfig, PciConfig],
): Finding[] {
  const vendor = vendorOf(target);
  if (theirs.space === undefined || ours.space === undefined) {
    const reason = differentPciConfig(vendor, theirs, ours);
    return reason === null ? contentsNotKnown(source, target) : [{ effect: "refuse", reason }];
  }
  const outcome = comparePciConfigs({ source, target, theirs, ours });
  switch (outcome.kind) {
    case "same":
      return vendorSpecificDiffers(vendor, outcome.unchecked);
    case "problem": {
      const sentence = `${vendor}: QEMU does not start with this device: ${outcome.problem}`;
      return [find("refuse", "PciDeviceRefused", sentence, { source: null, host: null })];
    }
    case "different": {
      const { names, ...values } = outcome.told;
      const sentence =
        `${vendor}: QEMU refuses the migration: the PCI configurations differ in ${names}`;
      return [find("refuse", "PciConfigDiffers", sentence, values)];
    }
    case "depends": {
      const { names, ...values } = outcome.told;
      const sentence =
        `${vendor}: the PCI configurations differ in ${names}; whether QEMU refuses this depends on ${
          outcome.on.join(" and on ")
        }`;
      return [{ ...find("unknown", "PciConfigUnknown", sentence, values), by: "vmm" }];
    }
  }
}

/** Differences inside vendor-specific capabilities, which QEMU does not check. */
function vendorSpecificDiffers(vendor: string, told: ToldDifferences | null): Finding[] {
  if (told === null) return [];
  const { names, ...values } = told;
  const sentence = `${vendor}: the guest sees a different ${names}; QEMU does not check this`;
  return [find("warn", "VendorSpecificDiffers", sentence, values)];
}

function contentsNotKnown(source: Identity, target: Candidate): Finding[] {
  const [theirs, ours] = [source.pciConfig?.space, target.pciConfig?.space];
  const [name, side] = theirs === undefined
    ? [driverOf(source), "of the source"]
    : [vendorOf(target), "of the target"];
  const sentence =
    `${name}: the configuration space ${side} was not recorded, and QEMU compares its contents`;
  const values = { source: theirs && "known" || null, host: ours && "known" || null };
  return [{ ...find("unknown", "PciConfigUnknown", sentence, values), by: "vmm" }];
}

/** What QEMU certainly refuses when the bytes of a configuration are missing. Null if QEMU may accept it. */
function differentPciConfig(
  vendor: string,
  theirs: PciConfig,
  ours: PciConfig,
): Reason | null {
  const different = decodedDifferences(theirs, ours);
  if (different.length === 0) return null;
  const names = different.map(({ field }) => field).join(", ");
  const values = (side: "theirs" | "ours") =>
    different.map((difference) => `${difference.field} ${difference[side] || "none"}`).join(", ");
  const sentence =
    `${vendor}: QEMU refuses the migration: the PCI configurations differ in ${names}`;
  return { code: "PciConfigDiffers", sentence, source: values("theirs"), host: values("ours") };
}
