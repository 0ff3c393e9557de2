/**
 * How virtual machine monitors handle a migration with VFIO devices, and what they need for it.
 *
 * Question: if the drivers agree, with which versions and options does QEMU migrate, and with which does it refuse or
 * fail? Choice: `qemuOutcome()` repeats QEMU's decision from its sources. A need is decided by trying every value of
 * the unknown settings: it is met, can no longer be met, or is unknown. Versions are ranges in a table, each with its
 * source. An unknown version meets every condition. An old version alone refuses nothing, because vendors backport
 * changes. The needs of a source are the same for all offers of a host, so they do not affect the order of offers.
 * Given up: asking a running monitor, because that could disturb its virtual machine.
 *
 * Question: where does QEMU find two PCI configurations different? Choice: a model opens both configuration spaces as
 * QEMU opens a vfio-pci device, mask by mask, in every setting that is possible. A virtual machine test compares the
 * model with QEMU itself. Given up: a list of fields, which was wrong in both directions.
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
