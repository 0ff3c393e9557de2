/**
 * What this program tells of itself to those who watch it.
 *
 * Question: is the host still answered for, and by which rules? Choice: the text format of Prometheus, written from
 * the newest snapshot whenever somebody asks; few metrics with few labels, none for each device, since a series that
 * comes and goes with every virtual machine is worth less than it costs. Given up: a metrics library, and
 * histograms of requests.
 *
 * @module
 */
export * from "./metrics.ts";
