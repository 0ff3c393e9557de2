/**
 * What virtual machine monitors make of a migration with VFIO devices, and what they need for it.
 *
 * Question: where drivers agree, with which versions and options does QEMU migrate, and with which does it refuse or
 * fail? Choice: `qemuOutcome()` is QEMU's decision as its sources have it; a need is decided by trying every value of
 * what is not known: it is met, cannot be met any more, or is not known. Versions are ranges in a table, each with its
 * source; one that is not known meets everything, and one that is too old alone refuses nothing, since vendors carry
 * changes back. The needs of one source are the same for all offers of a host, so that they do not order offers.
 * Given up: asking a running monitor, which has a virtual machine to look after.
 *
 * Question: where will QEMU find two PCI configurations different? Choice: a model that opens both configuration spaces as
 * QEMU opens a vfio-pci device, mask by mask, in every setting that what is known allows; a virtual machine test holds it
 * against QEMU itself. Given up: a list of fields, which was wrong in both directions.
 *
 * @module
 */
export * from "./compare_pci_config.ts";
export { haveSameSize, type PciSource } from "./open_as_qemu.ts";
export {
  type Matters,
  type PairSetting,
  possibleSettings,
  type QemuPair,
  type QemuSetting,
} from "./qemu_setting.ts";
export * from "./list_needs.ts";
export * from "./not_seen.ts";
export * from "./qemu_outcome.ts";
export { type TrackingNeed, trackingNeed } from "./tracking_need.ts";
export { isNewerThanRead, isUnmigratable, NEWEST_READ } from "./unmigratable.ts";
export * from "./vmm_versions.ts";
