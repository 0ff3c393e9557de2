import { errnoName, errnoView } from "./errno.ts";

const CLOCK = {
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" }, // int clock_gettime(clockid_t id, struct timespec *tp)
  __errno_location: { parameters: [], result: "pointer" }, // int *__errno_location(void)
} as const satisfies Deno.ForeignLibraryInterface;

const CLOCK_MONOTONIC = 1;

/**
 * The time of CLOCK_MONOTONIC in microseconds, as sd_notify(3) wants it. `performance.now()` counts from the start of
 * the process, and /proc/uptime from the boot, including suspend. Effect: loads libc for the call. Throws an Error with
 * the name of errno.
 */
export function readMonotonicUsec(): bigint {
  const library = Deno.dlopen("libc.so.6", CLOCK);
  try {
    const errno = errnoView(library.symbols.__errno_location());
    const timespec = new DataView(new ArrayBuffer(16));
    const result = library.symbols.clock_gettime(CLOCK_MONOTONIC, timespec.buffer);
    const error = errno[0]!;
    if (result !== 0) throw new Error(`clock_gettime: ${errnoName(error)}`);
    const [seconds, nanoseconds] = [timespec.getBigInt64(0, true), timespec.getBigInt64(8, true)];
    return seconds * 1_000_000n + nanoseconds / 1000n;
  } finally {
    library.close();
  }
}
