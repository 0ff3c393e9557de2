/**
 * Declared facts: what a device, a type or the host reports about itself besides type and driver. Vendors' rules test
 * them.
 *
 * Question: which sysfs files hold what a vendor would compare? Choice: a table of readers, one per driver or
 * condition. Each decides from known data whether it applies. A plain vfio-pci device therefore costs no read, and a
 * virtual function only its parent's reads, once per scan. An absent or refused file makes a fact null, and never fails
 * the device. Given up: what only devlink, ethtool, debugfs or a vendor's library reports, because that takes more than
 * reading a file.
 *
 * @module
 */
export type { Fact, Facts } from "./fact.ts";
export { readHostFacts } from "./host_facts.ts";
export { readDeviceFacts, readTypeFacts } from "./read_facts.ts";
export type { VgpuTypeOfFunction } from "./subject.ts";
