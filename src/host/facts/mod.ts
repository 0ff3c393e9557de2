/**
 * Declared facts: what a device, a type or the host says of itself beyond type and driver, for vendors' rules to
 * test.
 *
 * Question: which files of sysfs hold what a vendor would compare? Choice: a table of readers, one for a
 * driver or a condition, that decide from what is known already whether they apply, so that a plain
 * vfio-pci device costs no read, and a virtual function only those of its parent, once a scan. A file that
 * is absent or refused is a fact that is null, never a failure of the device. Given up: what only devlink,
 * ethtool, debugfs or a vendor's library tells, since these need more than reading a file.
 *
 * @module
 */
export type { Fact, Facts } from "./fact.ts";
export { readHostFacts } from "./host_facts.ts";
export { readDeviceFacts, readTypeFacts } from "./read_facts.ts";
export type { VgpuTypeOfFunction } from "./subject.ts";
