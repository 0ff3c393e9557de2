import { assertEquals } from "@std/assert";
import { ERRNO_NAMES } from "../../ffi/errno.ts";
import { listDeviceOperations } from "./device_operations.ts";
import { plantFaultHost } from "./host.ts";
import { faultsAt, type Operation, prove } from "./run_faults.ts";
import { listTaskOperations } from "./task_operations.ts";

/**
 * Every system call of every operation goes wrong, one at a time, once and from then on: with an errno, made or not, and
 * as a transfer of fewer bytes. Whatever happens, the device is in RUNNING, or it is said to need a reset, journalled and
 * refused; no descriptor and no mdev is left; and no yes, no or fact comes of the fault.
 *
 * Each call of an open device fails with EIO and with another errno in turn, so that each of Linux comes up; what is
 * done alike by group and by cdev goes by one of them. With `VFIO_ASK_FAULTS=all` in the environment each call fails with
 * each errno, by both ways.
 */
const all = Deno.env.get("VFIO_ASK_FAULTS") === "all";
const counts = { operations: 0, calls: 0, runs: 0 };
let turn = 0;

/** The faults of a call, some of them or all. */
function faultsOf(call: string, from: number, inTurn: boolean) {
  if (all) return faultsAt(call, from, { errnos: ERRNO_NAMES, made: ["EIO", "EFAULT"] });
  const other = inTurn ? [ERRNO_NAMES[turn++ % ERRNO_NAMES.length]!] : [];
  return faultsAt(call, from, { errnos: ["EIO", ...other], made: inTurn ? ["EIO"] : [] });
}

async function proveAll(operations: readonly Operation[], inTurn: boolean): Promise<void> {
  // What fails here fails a hundred thousand times, and nobody reads where.
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

Deno.test("whichever call fails, an open device is left in RUNNING or told of, and nothing false is said", async () => {
  await proveAll(await listDeviceOperations({ isWhole: all }), true);
});

Deno.test("whichever call fails, the journal knows every device that is not in RUNNING, and every mdev", async () => {
  await proveAll(listTaskOperations(), false);
  console.log(
    `faults: ${counts.operations} operations, ${counts.calls} calls, ${counts.runs} runs`,
  );
});
