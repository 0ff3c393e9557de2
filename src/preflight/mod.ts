/**
 * Write and test through the driver: hands a source's initial data to a target's driver and says what it did.
 *
 * Question: would this target's driver take that source's stream? Choice: the driver's own word is the only
 * one that counts, and it is the errno of a write to the data that resume (v2), or of the write of `data_size`
 * or the error state read back (v1); not the end of resuming, which short data always fail. It counts where the
 * driver was seen to look: in the same run the device's own data, which must be taken, and altered copies of it,
 * which must be refused; a refusal counts where it is repeated, and the device's own data is taken after it. What is to be done is planned first, pure, and run then; whatever happens, the way back is a
 * reset, and a device that does not come back to RUNNING is said to need one. What was done is judged elsewhere
 * (`src/judge/ask`), with everything else that speaks for or against the target.
 *
 * How far a test goes is the driver's own: some look at a header, others load the state inside `write()`. Rules declare it
 * (`tests` in a file of rules), and who may be tested follows from that: a driver that loads, only with
 * `--preflight=load`; a function of an undeclared driver too, since its state may reach hardware; an mdev of an undeclared driver
 * by default, since nothing but the mdev is at stake, and the answer says that nobody declares how far the test went.
 * Without data of its own to control with, or with controls off, a driver's yes counts where its rules declare what it
 * compares. Given up: controls that find out which bytes a driver compares, and drivers without PRE_COPY, whose
 * yes stays unknown.
 *
 * @module
 */
export * from "./plan.ts";
export * from "./read_initial_data.ts";
export * from "./test_target.ts";
