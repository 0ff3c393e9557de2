/**
 * What this program exports for monitoring.
 *
 * Question: is the host still served, by which rules, and how fast? Choice: the Prometheus text format, written on each
 * request from the latest snapshot and from counts and histograms of this process. Few metrics with few labels, and none
 * per device: a series that comes and goes with every virtual machine costs more than it is worth. Given up: a metrics
 * library, and times of each route.
 *
 * @module
 */
export * from "./measures.ts";
export * from "./metrics.ts";
