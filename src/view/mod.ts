/**
 * Snapshots: the current state of this host.
 *
 * Question: what does this host have, and what can it do? Choice: a snapshot combines the current content of sysfs
 * with the answers that devices gave, once in each load of their driver. A worker with a deadline asks the devices,
 * because an ioctl on a vendor driver can hang or kill the calling task. One idle representative answers for its
 * class (driver, its load, parent, type, binding). A new device is left alone for a while, so that a virtual machine
 * that is about to start finds it free. Given up: certainty about every single device, unless the operator asks for
 * it with `--probe=each`.
 *
 * An answer says nothing about the state in which the next user leaves an mdev: after a failed migration, some drivers
 * keep RESUMING, and the next migration into the device fails. So each look reads the migration state of idle mdevs where
 * the kernel shows it (debugfs), and such a device is not offered. Without that, the state of an mdev is not known after
 * a process let go of it. A server asks the device again after the settle time, which resets it if necessary; until
 * then, answers warn. Given up without debugfs: a use between two looks, or before the server started.
 *
 * A look is one scan of the host. It is cheap enough for every request. Most changes in sysfs cannot be detected: the
 * times of a directory do not change with its content. But each binding creates a `driver` link with a new inode. So
 * each look reads:
 *
 * - the holders of devices;
 * - the lists of devices, nodes, types and mdevs;
 * - the binding of each device, and the facts that it declares (`src/host/facts`);
 * - what can change on parents and types: `available_instances`, firmware, the driver of a physical function;
 * - everything about a device with files that can change while it is bound: virtual functions of its own, the type of
 *   an NVIDIA vGPU, a version attribute.
 *
 * For the other devices, a look keeps what was read since they were bound: IDs, group, type, NUMA node, module.
 * Nothing is kept about a device whose node is younger than ten seconds. Every five minutes a look reads everything,
 * in case a change was missed. Requests share the running look if it began recently enough for them. With steady
 * requests, a look begins before the last one is too old, so that no request waits for it. A look gives other work a
 * turn every 10 ms.
 *
 * A server looks without requests too. The kernel's events name what came, went or was rebound: about 50 ms after the
 * first event, a look reads only that, and keeps the rest, holders included. A storm of events takes a third of a core.
 * If events were lost, everything is read. No event reports that a process opened or closed a device. So somebody who
 * follows the host gets a look every five seconds, and somebody who monitors it one every ten. Without kernel events,
 * there is a look every ten seconds, with a pause of 200 times its duration. Given up: noticing at once a write to
 * `numa_node`, or to the `type` of a group, of a bound device; and the holders of a new device before the next look.
 *
 * @module
 */
export * from "./diagnose.ts";
export * from "./host_software.ts";
export * from "./host_view.ts";
export * from "./observe.ts";
export * from "./due_probes.ts";
export * from "./probe_devices.ts";
export * from "./scan_host.ts";
export * from "./take_snapshot.ts";
export * from "./world.ts";
