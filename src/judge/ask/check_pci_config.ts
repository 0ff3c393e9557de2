import type { Identity, PciConfig, Reason } from "../../documents/mod.ts";
import type { Candidate } from "./configurations.ts";
import { checkUnchecked } from "./check_unchecked_pci.ts";
import { comparePciConfigs, decodedDifferences } from "./compare_pci_configs.ts";
import { driverOf, find, type Finding, vendorOf } from "./finding.ts";
import type { ToldDifferences } from "./tell_differences.ts";

/**
 * What QEMU will make of the PCI configurations, whatever the drivers say: it compares what both devices show in its own
 * way and refuses a difference. Where one side's is not known, nor is what QEMU will say.
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
    : [vendorOf(target), "here"];
  const sentence = `${name}: the PCI configuration ${side} is not known, and QEMU compares it`;
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
      const sentence = `${vendor}: QEMU does not start with the device: ${outcome.problem}`;
      return [find("refuse", "PciDeviceRefused", sentence, { source: null, host: null })];
    }
    case "different": {
      const { names, ...values } = outcome.told;
      const sentence =
        `${vendor}: QEMU compares the PCI configurations and refuses another ${names}`;
      return [find("refuse", "PciConfigDiffers", sentence, values)];
    }
    case "depends": {
      const { names, ...values } = outcome.told;
      const sentence = `${vendor}: whether QEMU refuses another ${names} depends on ${
        outcome.on.join(" and on ")
      }`;
      return [{ ...find("unknown", "PciConfigUnknown", sentence, values), by: "vmm" }];
    }
  }
}

/** What is in vendor-specific capabilities, where QEMU does not look. */
function vendorSpecificDiffers(vendor: string, told: ToldDifferences | null): Finding[] {
  if (told === null) return [];
  const { names, ...values } = told;
  const sentence = `${vendor}: the guest sees another ${names}; QEMU does not check it`;
  return [find("warn", "VendorSpecificDiffers", sentence, values)];
}

function contentsNotKnown(source: Identity, target: Candidate): Finding[] {
  const [theirs, ours] = [source.pciConfig?.space, target.pciConfig?.space];
  const [name, side] = theirs === undefined
    ? [driverOf(source), "of the source"]
    : [vendorOf(target), "here"];
  const sentence =
    `${name}: the configuration space ${side} was not recorded, and QEMU compares what is in it`;
  const values = { source: theirs && "known" || null, host: ours && "known" || null };
  return [{ ...find("unknown", "PciConfigUnknown", sentence, values), by: "vmm" }];
}

/** Of two configurations without their bytes, what QEMU certainly refuses; null where it may accept them. */
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
  const sentence = `${vendor}: QEMU compares the PCI configurations and refuses another ${names}`;
  return { code: "PciConfigDiffers", sentence, source: values("theirs"), host: values("ours") };
}
