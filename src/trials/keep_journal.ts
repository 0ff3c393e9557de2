import { type Problem, toProblem } from "../documents/mod.ts";
import { readHost } from "../host/mod.ts";
import { readJournal } from "../state/mod.ts";
import { recoverDevices } from "./recover.ts";
import type { World } from "../view/mod.ts";
import type { PreflightPolicy } from "../access/mod.ts";

/** How often the journal is read. This is cheap: its directory is usually empty. */
const LOOK_MS = 1_000;
/** The longest wait before a failed recovery is tried again. The wait doubles up to this. */
const RETRY_MAX_MS = 600_000;

/**
 * While a server runs, recovers devices that another process left in a state other than RUNNING, within a second or
 * two of its end. A recovery that fails, for example because a process holds the device, is tried again after a wait,
 * and at once when the journal has changed.
 *
 * Source: the journal. Effect: as `recoverDevices`; `onProblems` gets each problem once. Dispose of it to stop, which
 * also stops a recovery that is running.
 */
export function keepJournal(
  world: World,
  { onProblems, lookMs = LOOK_MS, ...policy }:
    & Pick<PreflightPolicy, "settleMs">
    & { onProblems: (problems: Problem[]) => void; lookMs?: number },
): AsyncDisposable {
  const { bootId } = readHost(world.roots);
  const end = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = Promise.resolve();
  let told = new Set<string>();
  // The entries at the last try, and the time of the next try.
  let tried = "";
  let waitMs = lookMs;
  let againMs = 0;

  const look = async (): Promise<void> => {
    const left = readJournal(world.stateDirectory, bootId).filter(({ alive }) => !alive);
    if (left.length === 0) {
      tried = "";
      return;
    }
    const now = JSON.stringify(left.map(({ device, bound }) => [device, bound]));
    const nowMs = world.now().getTime();
    if (now === tried && nowMs < againMs) return;
    waitMs = now === tried ? Math.min(waitMs * 2, RETRY_MAX_MS) : lookMs;
    tried = now;
    const options = { ...policy, signal: end.signal };
    const problems = await recoverDevices(world, options).catch((error) => [
      toProblem(error, "journal"),
    ]);
    againMs = world.now().getTime() + waitMs;
    const news = problems.filter(({ sentence }) => !told.has(sentence));
    told = new Set(problems.map(({ sentence }) => sentence));
    if (news.length > 0 && !end.signal.aborted) onProblems(news);
  };

  const schedule = (): void => {
    if (end.signal.aborted) return;
    timer = setTimeout(() => {
      running = look().catch((error) => onProblems([toProblem(error, "journal")]))
        .finally(schedule);
    }, lookMs);
    Deno.unrefTimer(timer);
  };
  schedule();
  return {
    async [Symbol.asyncDispose]() {
      end.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
