/**
 * The processor time that a process has taken, in milliseconds: it holds still on a busy machine.
 *
 * Source: `/proc/P/task/T/schedstat`, nanoseconds on a processor first, of the threads there are.
 */
export function readProcessorMs(pid: number): number {
  return Array.from(Deno.readDirSync(`/proc/${pid}/task`))
    .map(({ name }) => Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`))
    .reduce((sum, text) => sum + parseInt(text) / 1e6, 0);
}
