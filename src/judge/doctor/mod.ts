/**
 * The diagnosis. Pure: no clock, no files, no network.
 *
 * Question: can each device migrate on this host, and if not, why, and what is the remedy? Choice: the devices' own
 * answers decide. Tables about drivers, kernels and virtual machine monitors only explain an answer and name the
 * remedy; each row names its source. A version number never overrides a device's answer, because distributions
 * backport. Every finding has a stable code, a sentence, and a remedy of one imperative sentence. Given up: judging by
 * version numbers, and remedies for each vendor's hardware.
 *
 * @module
 */
export * from "./diagnose_device.ts";
export * from "./diagnose_function.ts";
export * from "./diagnose_host.ts";
export * from "./drivers.ts";
export * from "./examination.ts";
export * from "./finding.ts";
