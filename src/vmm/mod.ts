/**
 * What virtual machine monitors need to be for a migration with VFIO devices.
 *
 * Question: of QEMU and libvirt in a version, what can they not do for a device? Choice: a table of ranges of
 * versions, each with what it rests on; a version that is not known meets everything. Given up: asking a
 * running monitor, which has a virtual machine to look after.
 *
 * Question: where will QEMU find two PCI configurations different? Choice: a model that opens both configuration spaces as
 * QEMU opens a vfio-pci device, mask by mask, in every setting that what is known allows; a virtual machine test holds it
 * against QEMU itself. Given up: a list of fields, which was wrong in both directions.
 *
 * @module
 */
export * from "./compare_pci_config.ts";
export { type PairSetting, possibleSettings, type QemuPair } from "./qemu_setting.ts";
export * from "./vmm_versions.ts";
