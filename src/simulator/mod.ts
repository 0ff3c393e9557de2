/**
 * A simulated host: the trees of a machine with VFIO hardware, and the answers of its drivers.
 *
 * Question: how can everything above the system calls be tried, shown and tested without hardware, down to the bytes?
 * Choice: a scenario is data. {@link plantHost} creates it as real directories, files and relative links, which the
 * ordinary readers read. {@link simulateSyscalls} implements the same interface as libc: it decodes structs from bytes
 * and checks them as the kernel does. The scenario's processes define who holds which device: `/proc` shows it, and the
 * drivers refuse accordingly. Mdevs are created and removed by writes to sysfs. Given up: other writes to sysfs have no
 * effect, and the types of a parent do not share its instances. Nothing does DMA, so no page is ever dirty. No call
 * blocks.
 *
 * `hosts/` is the data, `tree/` plants it, `kernel/` answers.
 *
 * @module
 */
export { plantHost } from "./tree/plant_host.ts";
export type * from "./scenario.ts";
export { SCENARIOS } from "./hosts/scenarios.ts";
export { type SimulatedSyscalls, simulateSyscalls } from "./kernel/simulate_syscalls.ts";
