/** The state of a process's first thread, and its CPU time so far in clock ticks. Source: `/proc/PID/task/PID/stat`. */
interface Thread {
  state: string;
  userTicks: number;
  kernelTicks: number;
}

function readThread(pid: number): Thread | null {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/stat`);
    // The process name before the fields may contain spaces and parentheses.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0]!, userTicks: Number(fields[11]), kernelTicks: Number(fields[12]) };
  } catch {
    return null;
  }
}

/** Whether a process is running, or only waits for a CPU. */
export function isRunnable(pid: number): boolean {
  return readThread(pid)?.state === "R";
}

/**
 * Watches a process. Each call of the returned function says whether the process did work of its own since the last
 * call, or was ready to but had no CPU. Waiting or working inside the kernel does not count.
 *
 * Source: `/proc/PID/task/PID/stat`, see proc_pid_stat(5): the first thread, on which a worker makes its system calls.
 */
export function watchOwnWork(pid: number): () => boolean {
  let before = readThread(pid);
  return () => {
    const now = readThread(pid);
    if (now === null) return false;
    const [user, kernel] = [
      now.userTicks - (before?.userTicks ?? 0),
      now.kernelTicks - (before?.kernelTicks ?? 0),
    ];
    before = now;
    return user > 0 || now.state === "R" && kernel === 0;
  };
}
