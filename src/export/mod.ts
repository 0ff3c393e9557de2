/**
 * What this program exports for monitoring.
 *
 * Question: is the host still served, and by which rules? Choice: the Prometheus text format, written from the latest
 * snapshot on each request. Few metrics with few labels, and none per device: a series that comes and goes with every
 * virtual machine costs more than it is worth. Given up: a metrics library, and histograms of requests.
 *
 * @module
 */
export * from "./metrics.ts";
