/**
 * This host as it is now: snapshots.
 *
 * Question: what does this host have, and what can it do? Choice: a snapshot is put together from what sysfs says now and
 * from what devices said once in each load of their driver; asking them is left to a worker with a deadline, because an
 * ioctl on a vendor driver can hang or kill the task that makes it. One idle representative speaks for its class (driver,
 * its load, parent, type, binding), and a new device is left alone for a while, so that a virtual machine that is about to
 * start finds it free. Given up: certainty about each single device, unless the operator asks for it with `--probe=each`.
 *
 * Looking is cheap, so that every question can have it done. Few changes in sysfs give a sign: times of its
 * directories do not change with what is in them, but each binding makes a `driver` link with another inode. So each
 * look reads who holds a device, the lists of devices, nodes, types and mdevs, the binding of each device, what parents
 * and types say (`available_instances`, firmware, the driver of a physical function), what each device declares
 * (`src/host/facts`), and whole each device that has files which can change under a binding: virtual functions of its
 * own, the type of an NVIDIA vGPU, a version attribute. Of the others it keeps what was read since they were bound: ids,
 * group, type, NUMA node, module. Nothing is kept of a device whose node is younger than ten seconds. Every five minutes a
 * look reads all, in case something changed without a sign. A look is shared by those who ask while it runs, if it began
 * recently enough for them; it gives others a turn every 10 ms; and while nobody asks, it is followed by a rest of 200
 * times as long. Given up: to notice at once what is written to `numa_node`, or to a group's `type`, under a bound device.
 *
 * @module
 */
export * from "./examine.ts";
export * from "./host_software.ts";
export * from "./host_view.ts";
export * from "./observe.ts";
export * from "./due_probes.ts";
export * from "./probe_devices.ts";
export * from "./remember_probes.ts";
export * from "./scan_host.ts";
export * from "./take_snapshot.ts";
export * from "./world.ts";
