import { type Problem, toProblem } from "../documents/mod.ts";
import { readHost } from "../host/mod.ts";
import { journalDirectory, readJournal } from "../state/mod.ts";
import { recoverDevices } from "./recover.ts";
import type { World } from "../view/mod.ts";
import type { PreflightPolicy } from "../access/mod.ts";

/** How often the journal is read while it has entries: the end of a process does not change its directory. */
const LOOK_MS = 1_000;
/** The same while it is empty, in case the kernel did not report an entry. */
const EMPTY_MS = 60_000;
/** The longest wait before a failed recovery is tried again. The wait doubles up to this. */
const RETRY_MAX_MS = 600_000;

/**
 * While a server runs, recovers devices that another process left in a state other than RUNNING, within a second or
 * two of its end. A recovery that fails, for example because a process holds the device, is tried again after a wait,
 * and at once when the journal has changed. While the journal is empty, only the kernel's report of a new entry causes
 * any work.
 *
 * Source: the journal, inotify(7). Effect: creates its directory; as `recoverDevices`; `onProblems` gets each problem once. Dispose of it to stop, which
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
  let isEmpty = false;

  const look = async (): Promise<void> => {
    const entries = readJournal(world.stateDirectory, bootId);
    isEmpty = entries.length === 0;
    const left = entries.filter(({ alive }) => !alive);
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
    clearTimeout(timer);
    if (end.signal.aborted) return;
    const restMs = isEmpty && watch.isWatching() ? EMPTY_MS : lookMs;
    timer = setTimeout(() => {
      running = look().catch((error) => onProblems([toProblem(error, "journal")]))
        .finally(schedule);
    }, restMs);
    Deno.unrefTimer(timer);
  };
  const watch = watchJournal(world.stateDirectory, () => {
    if (!isEmpty) return;
    isEmpty = false;
    schedule();
  });
  schedule();
  return {
    async [Symbol.asyncDispose]() {
      end.abort();
      clearTimeout(timer);
      await watch[Symbol.asyncDispose]();
      await running;
    },
  };
}

/** Calls `onEntry` when an entry may have been written. Watches nothing if the directory cannot be watched. */
function watchJournal(
  stateDirectory: string | null,
  onEntry: () => void,
): AsyncDisposable & { isWatching(): boolean } {
  const watcher = stateDirectory === null ? null : tryWatch(journalDirectory(stateDirectory));
  let isWatching = watcher !== null;
  const watch = async (): Promise<void> => {
    for await (const { kind } of watcher ?? []) {
      // Reading an entry is reported too.
      if (kind !== "access") onEntry();
    }
  };
  // It ends when the directory is removed.
  const ended = watch().catch(() => {}).finally(() => isWatching = false);
  return {
    isWatching: () => isWatching,
    async [Symbol.asyncDispose]() {
      watcher?.close();
      await ended;
    },
  };
}

function tryWatch(directory: string): Deno.FsWatcher | null {
  try {
    Deno.mkdirSync(directory, { recursive: true, mode: 0o750 });
    return Deno.watchFs(directory, { recursive: false });
  } catch {
    return null;
  }
}
