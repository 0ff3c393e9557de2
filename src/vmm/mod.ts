/**
 * What virtual machine monitors need to be for a migration with VFIO devices.
 *
 * Question: of QEMU and libvirt in a version, what can they not do for a device? Choice: a table of ranges of
 * versions, each with what it rests on; a version that is not known meets everything. Given up: asking a
 * running monitor, which has a virtual machine to look after.
 *
 * @module
 */
export * from "./vmm_versions.ts";
