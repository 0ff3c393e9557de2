/**
 * Writes and tests through the driver: gives a source's initial data to the target's driver and reports its reaction.
 *
 * Question: would this target's driver accept that source's stream? Choice: only the driver's own answer counts. In v2,
 * that is the errno of a write to the resuming data descriptor. In v1, it is the errno of the write of `data_size`, or
 * the error state read afterwards. The end of resuming does not count, because it always fails on incomplete data. The
 * answer counts only if the driver demonstrably checks: in the same run it must accept the device's own data and refuse
 * altered copies of it. A refusal counts if it is repeated, and the driver accepts the device's own data afterwards.
 * Steps are first listed by pure code, then run. The run always ends with a reset, and a device that does not return
 * to RUNNING is reported as needing one. `src/judge/ask` judges the result, together with all other evidence for or
 * against the target.
 *
 * How much a test proves depends on the driver: some check a header, others load the state inside `write()`. Rules
 * declare it (`tests` in a rule file), and that decides what may be tested. A driver that loads state needs
 * `--preflight=load`. So does a function of an undeclared driver, because its state may reach hardware. An mdev of an
 * undeclared driver is tested by default, because only the mdev is at risk; the answer then says that the depth of the
 * test is undeclared. If the device has no data of its own for controls, or controls are off, an acceptance counts if
 * rules declare what the driver compares. Given up: controls that find out which bytes a driver compares, and drivers
 * without PRE_COPY, whose acceptance stays unknown.
 *
 * @module
 */
export * from "./list_steps.ts";
export * from "./read_initial_data.ts";
export * from "./test_target.ts";
