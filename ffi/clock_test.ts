import { assert } from "@std/assert";
import { readMonotonicUsec } from "./clock.ts";

/** The monotonic time in seconds, as the kernel prints it for timers. */
function readKernelSeconds(): number | null {
  try {
    const now = /^now at (\d+) nsecs$/m.exec(Deno.readTextFileSync("/proc/timer_list"))?.[1];
    return now === undefined ? null : Number(now) / 1e9;
  } catch {
    return null;
  }
}

Deno.test("readMonotonicUsec() does not go back, and counts from before this process", () => {
  const first = readMonotonicUsec();
  const second = readMonotonicUsec();
  assert(second >= first);
  assert(Number(first) / 1000 > performance.now());
});

Deno.test({
  name: "readMonotonicUsec() is the kernel's monotonic time",
  ignore: readKernelSeconds() === null, // needs root to read /proc/timer_list
  fn() {
    const before = Number(readMonotonicUsec()) / 1e6;
    const kernel = readKernelSeconds()!;
    const after = Number(readMonotonicUsec()) / 1e6;
    assert(before <= kernel && kernel <= after, `${before} ${kernel} ${after}`);
  },
});
