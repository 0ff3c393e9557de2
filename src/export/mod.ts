/**
 * What this program exports for monitoring and for schedulers.
 *
 * Question: is the host still served, by which rules, and how fast? Choice: the Prometheus text format, written on each
 * request from the latest snapshot and from counts and histograms of this process. Few metrics with few labels, and none
 * per device: a series that comes and goes with every virtual machine costs more than it is worth. Given up: a metrics
 * library, and times of each route.
 *
 * Question: how does a scheduler learn which hosts can take a device? Choice: files in the formats that schedulers read:
 * labels of node-feature-discovery, and resource providers of OpenStack Placement, both with counts by type. What nobody
 * has asked is counted apart and never as migratable. Each is made from a snapshot only, so it is the same each time.
 * Given up: clients of these services. Types of one parent may share its room, which neither format can express.
 *
 * @module
 */
export * from "./measures.ts";
export * from "./metrics.ts";
export * from "./nfd.ts";
export * from "./placement.ts";
