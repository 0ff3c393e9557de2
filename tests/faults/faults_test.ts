import { assertEquals } from "@std/assert";
import { ERRNO_NAMES } from "../../ffi/errno.ts";
import { listDeviceOperations } from "./device_operations.ts";
import { plantFaultHost } from "./host.ts";
import { faultsAt, type Operation, prove } from "./run_faults.ts";
import { listTaskOperations } from "./task_operations.ts";

/**
 * Every system call of every operation fails, one at a time, once and from then on: with an errno, before or after the
 * call is made, and as a transfer of fewer bytes. In every case, the device is in RUNNING, or it is reported to need a
 * reset, journalled and refused. No descriptor and no mdev is left. No verdict or fact is false because of the fault.
 *
 * Each call of an open device fails with EIO and with one other errno in turn, so every errno of Linux occurs. Operations
 * that are the same by group and by cdev run by one of them. With `VFIO_ASK_FAULTS=all` in the environment, each call
 * fails with each errno, by both.
 */
const all = Deno.env.get("VFIO_ASK_FAULTS") === "all";
const counts = { operations: 0, calls: 0, runs: 0 };
let turn = 0;

/** Some or all faults of a call. */
function faultsOf(call: string, from: number, inTurn: boolean) {
  if (all) return faultsAt(call, from, { errnos: ERRNO_NAMES, made: ["EIO", "EFAULT"] });
  const other = inTurn ? [ERRNO_NAMES[turn++ % ERRNO_NAMES.length]!] : [];
  return faultsAt(call, from, { errnos: ["EIO", ...other], made: inTurn ? ["EIO"] : [] });
}

async function proveAll(operations: readonly Operation[], inTurn: boolean): Promise<void> {
  // Errors are thrown a hundred thousand times, and their stack traces are never read.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const wrong: Record<string, unknown> = {};
  try {
    for (const operation of operations) {
      using host = plantFaultHost(operation.device);
      const { calls, runs, violations } = await prove(
        host,
        operation,
        (call, from) => faultsOf(call, from, inTurn),
      );
      counts.operations++;
      counts.calls += calls;
      counts.runs += runs;
      if (violations.size > 0) wrong[operation.name] = Object.fromEntries(violations);
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  assertEquals(wrong, {});
}

Deno.test("after any failed call, an open device is in RUNNING or reported, and no answer is false", async () => {
  await proveAll(await listDeviceOperations({ isWhole: all }), true);
});

Deno.test("after any failed call, the journal has every device that is not in RUNNING, and every mdev", async () => {
  await proveAll(listTaskOperations(), false);
  console.log(
    `faults: ${counts.operations} operations, ${counts.calls} calls, ${counts.runs} runs`,
  );
});
