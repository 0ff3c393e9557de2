/**
 * The questions that this program answers, one file each, functions only.
 *
 * Question: what does this host have, what can it do, and what does it say to a source? Choice: a snapshot
 * is put together from what sysfs says now and from what devices said once in each load of their driver;
 * asking them is left to a short-lived child process with a deadline, because an ioctl on a vendor driver
 * can hang or kill the task that makes it. One idle representative speaks for its class (driver, its load,
 * parent, type, binding), and a new device is left alone for a while, so that a virtual machine that is
 * about to start finds it free. Given up: certainty about each single device, unless the operator asks for
 * it with `--probe=each`.
 *
 * @module
 */
export * from "./answer.ts";
export * from "./child.ts";
export * from "./device_class.ts";
export * from "./examine.ts";
export * from "./host_software.ts";
export * from "./host_view.ts";
export * from "./identify.ts";
export * from "./load_facts.ts";
export * from "./load_rules.ts";
export * from "./observations.ts";
export * from "./observe.ts";
export * from "./plan_probes.ts";
export * from "./preflight.ts";
export * from "./probe_child.ts";
export * from "./probe_devices.ts";
export * from "./recover.ts";
export * from "./run_task.ts";
export * from "./source_data.ts";
export * from "./take_snapshot.ts";
export * from "./worker_tasks.ts";
export * from "./world.ts";
