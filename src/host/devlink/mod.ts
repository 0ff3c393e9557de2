/**
 * What devlink declares of PCI functions.
 *
 * Question: which firmware does a function run on, and may it be migrated? Some drivers tell that nowhere else. Choice:
 * generic netlink by the few system calls of {@link Syscalls}, so that the simulator answers too; what devlink does not know
 * is null. It opens no device. It is a folder of its own, since few commands need it.
 *
 * @module
 */
export * from "./devlink.ts";
export * from "./firmware.ts";
