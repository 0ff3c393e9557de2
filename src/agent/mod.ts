/**
 * The questions that this program answers, one file each, functions only.
 *
 * Question: what does this host have, what can it do, and what does it say to a source? Choice: a snapshot
 * is put together from what sysfs says now and from what devices said once in each load of their driver;
 * asking them is left to a child process with a deadline, because an ioctl on a vendor driver
 * can hang or kill the task that makes it. One idle representative speaks for its class (driver, its load,
 * parent, type, binding), and a new device is left alone for a while, so that a virtual machine that is
 * about to start finds it free. Given up: certainty about each single device, unless the operator asks for
 * it with `--probe=each`.
 *
 * Looking is cheap, so that every question can have it done. Few changes in sysfs give a sign: times of its
 * directories do not change with what is in them, but each binding makes a `driver` link with another inode. So each
 * look reads who holds a device, the lists of devices, nodes, types and mdevs, the binding of each device, what parents
 * and types say (`available_instances`, firmware, the driver of a physical function), what each device declares
 * (`src/host/facts`), and whole each device that has files which can change under a binding: virtual functions of its
 * own, the type of an NVIDIA vGPU, a version attribute. Of the others it keeps what was read since they were bound: ids, group, type, NUMA node, module. Nothing is kept of a device
 * whose node is younger than ten seconds. Every five minutes a look reads all, in case something changed without
 * a sign. A look is shared by those who ask while it runs, if it began recently enough for them; it gives others a turn
 * every 10 ms; and while nobody asks, it is followed by a rest of 200 times as long. Given up: to notice at once what
 * is written to `numa_node`, or to a group's `type`, under a bound device.
 *
 * Question: how is the child spoken to? Choice: one protocol for all that opens a device. The command `worker` reads
 * tasks as JSON lines on its standard input and prints a result for each, and before it `{"opening":…}` when it is
 * about to enter the kernel, from when its deadline counts. A `Worker` in the `World` is the parent's side: it starts
 * the child at the first task, hands it one task at a time, so that none waits in the child, and starts another where it
 * hangs or dies. A command thus starts one child at most, and a server keeps its child for a while between tasks. The
 * child has pipes of its own, so that one that is stuck in the kernel holds nothing of its parent's. Given up: two
 * devices asked at once, which the lock of the state directory forbids anyway.
 *
 * @module
 */
export * from "./answer.ts";
export { readLines } from "./child.ts";
export * from "./device_class.ts";
export * from "./documents.ts";
export * from "./examine.ts";
export * from "./host_software.ts";
export * from "./host_view.ts";
export * from "./identify.ts";
export * from "./keep_journal.ts";
export * from "./load_facts.ts";
export * from "./load_rules.ts";
export * from "./looking.ts";
export * from "./observations.ts";
export * from "./observe.ts";
export * from "./plan_probes.ts";
export * from "./preflight.ts";
export * from "./probe_devices.ts";
export * from "./recover.ts";
export * from "./run_task.ts";
export * from "./scan_host.ts";
export * from "./source_data.ts";
export * from "./take_snapshot.ts";
export * from "./worker.ts";
export * from "./worker_tasks.ts";
export * from "./world.ts";
