/**
 * Reads what devlink reports about PCI functions.
 *
 * Question: which firmware does a function run, and may it be migrated? Some drivers report that nowhere else. Choice:
 * generic netlink through the few calls of {@link Syscalls}, so that the simulator can answer too. What devlink does
 * not know is null. No device is opened. It has its own folder because few commands need it.
 *
 * @module
 */
export * from "./devlink.ts";
export * from "./firmware.ts";
