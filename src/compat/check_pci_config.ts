import type { Identity, PciConfig, Reason } from "../identity/mod.ts";
import type { Candidate } from "./configurations.ts";
import { driverOf, find, type Finding, vendorOf } from "./finding.ts";

/**
 * What the guest sees must be the same, since a virtual machine monitor compares it and refuses a
 * difference whatever the driver says. Where one side's is not known, nor is what the monitor will say.
 */
export function checkPciConfig(source: Identity, target: Candidate): Finding[] {
  const [theirs, ours] = [source.pciConfig, target.pciConfig];
  if (theirs === null || ours === null) return notKnown(source, target);
  const reason = differentPciConfig(vendorOf(target), theirs, ours);
  return reason === null ? [] : [{ effect: "refuse", reason }];
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

/** What a guest would see differ, null where it would see the same. `theirs` is the source's. */
export function differentPciConfig(
  vendor: string,
  theirs: PciConfig,
  ours: PciConfig,
): Reason | null {
  const different = PCI_FIELDS.filter(({ of }) => of(theirs) !== of(ours));
  if (different.length === 0) return null;
  const fields = different.map(({ field }) => field).join(", ");
  const values = (config: PciConfig) =>
    different.map(({ field, of }) => `${field} ${of(config) || "none"}`).join(", ");
  const sentence = `${vendor}: the guest would see another PCI ${fields} than the source's`;
  return { code: "PciConfigDiffers", sentence, source: values(theirs), host: values(ours) };
}

const PCI_FIELDS: readonly { field: string; of: (config: PciConfig) => string }[] = [
  { field: "vendor", of: ({ vendor }) => vendor },
  { field: "device", of: ({ device }) => device },
  { field: "revision", of: ({ revision }) => revision },
  { field: "class", of: (config) => config.class },
  { field: "subsystem", of: ({ subsystem }) => subsystem },
  {
    field: "capability list",
    of: ({ capabilities }) => capabilities.map(capabilityText).join(" "),
  },
  {
    field: "BAR layout",
    of: ({ bars }) =>
      bars.map(({ index, kind, size, prefetchable }) =>
        `${index}:${kind}${prefetchable ? "p" : ""}:${size}`
      ).join(" "),
  },
];

function capabilityText({ id, offset, vectors }: PciConfig["capabilities"][number]): string {
  return `${id}@${offset}${vectors === undefined ? "" : `x${vectors}`}`;
}
