/**
 * The processor time of a process in milliseconds. It is stable on a busy machine.
 *
 * Source: the first field of `/proc/P/task/T/schedstat`, in nanoseconds, for all running threads.
 */
export function readProcessorMs(pid: number): number {
  return Array.from(Deno.readDirSync(`/proc/${pid}/task`))
    .map(({ name }) => Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`))
    .reduce((sum, text) => sum + parseInt(text) / 1e6, 0);
}
