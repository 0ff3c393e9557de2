/**
 * A simulated host: what a machine with VFIO hardware shows in its trees, and how its drivers answer.
 *
 * Question: how can everything above the system calls be tried, shown and tested without the hardware,
 * down to the bytes? Choice: a scenario is data; {@link plantHost} lays it out as real directories,
 * files and relative links, which the ordinary readers read, and {@link simulateSyscalls} answers
 * behind the same seam as libc, decoding the structs from the bytes that it is handed and checking
 * them as the kernel does. Who holds what is said once, in the scenario's processes: `/proc` shows it
 * and the drivers refuse by it. An mdev is made and removed by the writes that do so in sysfs. Given up: other writes
 * to sysfs do nothing, and the types of a parent do not share what it has; nothing does DMA, so no page is ever dirty;
 * a call never blocks.
 *
 * `hosts/` is the data, `tree/` what of them is shown, `kernel/` how they answer.
 *
 * @module
 */
export { plantHost } from "./tree/plant_host.ts";
export type * from "./scenario.ts";
export { SCENARIOS } from "./hosts/scenarios.ts";
export { type SimulatedSyscalls, simulateSyscalls } from "./kernel/simulate_syscalls.ts";
