/**
 * The diagnosis, pure: no clock, no file, no network.
 *
 * Question: can each device migrate on this host at all, and if not, why, and what is to be done? Choice: what the
 * devices themselves said decides; what is known of drivers, kernels and virtual machine monitors only explains
 * it and names the remedy, from tables whose rows name their source. A device that answered is never told that
 * something is too old for it, since distributions backport. Every finding has a stable code, a sentence and one
 * imperative sentence of remedy. Given up: judging by version numbers, and a remedy for each vendor's hardware.
 *
 * @module
 */
export * from "./diagnose_device.ts";
export * from "./diagnose_function.ts";
export * from "./diagnose_host.ts";
export * from "./drivers.ts";
export * from "./examination.ts";
export * from "./finding.ts";
