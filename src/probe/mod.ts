/**
 * Asks an open device everything there is to know before a migration, in one go.
 *
 * Question: what does this device support, by the driver's own word? Choice: every request whose answer
 * leaves the device as it was, each reported as present, absent (ENOTTY) or an errno; and for dirty
 * tracking a start, a report and a stop on the idle device, because drivers answer the probe and fail the
 * report. Two exceptions to "changes nothing": a device found in another state than RUNNING is reset (never
 * set: some drivers oops), and that logging is switched on and off again. Given up: trying state
 * transitions; the flags say which are there.
 *
 * @module
 */
export * from "./arcs.ts";
export * from "./pci_config.ts";
export * from "./probe.ts";
export * from "./region.ts";
