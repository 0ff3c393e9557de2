/** A process's first thread, by `/proc/PID/stat`: where it is, and its processor time so far, in clock ticks. */
interface Thread {
  state: string;
  userTicks: number;
  kernelTicks: number;
}

function readThread(pid: number): Thread | null {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/stat`);
    // The name before them may have blanks and brackets of its own.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0]!, userTicks: Number(fields[11]), kernelTicks: Number(fields[12]) };
  } catch {
    return null;
  }
}

/** Whether a process is at work now, or waits for a processor only. */
export function isRunnable(pid: number): boolean {
  return readThread(pid)?.state === "R";
}

/**
 * Watches what a process does. The answer tells, at each call, whether since the call before it was at work of its own, or
 * would have been had the machine had a processor for it; not whether it waited, or worked, inside the kernel.
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
