/**
 * Asks an open device everything that matters before a migration, in one pass.
 *
 * Question: what does this device support, according to its driver? Choice: every request that leaves the device
 * unchanged, each reported as present, absent (ENOTTY) or an errno. For dirty tracking, a start, a report and a stop on
 * the idle device, because some drivers answer the probe but fail the report. Two exceptions to "changes nothing": a
 * device that is not in RUNNING is reset (its state is never set: some drivers oops), and logging is turned on and off.
 * Given up: trying state transitions; the flags say which exist.
 *
 * @module
 */
export * from "./arcs.ts";
export * from "./pci_config.ts";
export * from "./probe.ts";
export * from "./region.ts";
