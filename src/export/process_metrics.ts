/** This process, in the units of its metrics. */
export interface ProcessUse {
  cpuSeconds: number;
  residentBytes: number;
  virtualBytes: number;
  openFds: number;
  maxFds: number;
  startSeconds: number;
}

/** Ticks per second of the times in `/proc`. Source: `USER_HZ`, 100 on all architectures. */
const USER_HZ = 100;
/** The order of the fields of `/proc/PID/stat` after the name, which starts at the third one. Source: proc_pid_stat(5). */
const [UTIME, STIME, VSIZE] = [14 - 3, 15 - 3, 23 - 3];

/**
 * What this process uses. Source: `/proc/self/stat`, `/proc/self/fd`, `/proc/self/limits`. Null without procfs. Effect:
 * none.
 */
export function readProcessUse(): ProcessUse | null {
  try {
    const stat = Deno.readTextFileSync("/proc/self/stat");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
    const limits = Deno.readTextFileSync("/proc/self/limits");
    return {
      cpuSeconds: (fields[UTIME]! + fields[STIME]!) / USER_HZ,
      residentBytes: Deno.memoryUsage().rss,
      virtualBytes: fields[VSIZE]!,
      openFds: Array.from(Deno.readDirSync("/proc/self/fd")).length,
      maxFds: Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 0),
      startSeconds: performance.timeOrigin / 1000,
    };
  } catch {
    return null;
  }
}
