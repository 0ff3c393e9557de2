import type { Snapshot } from "../documents/mod.ts";
import { isThere, takeTurns, type Turns } from "../host/mod.ts";
import type { Asking } from "./asking.ts";
import { succeed } from "./keep_same.ts";
import { knownHolders } from "./known_holders.ts";
import { makeScanner } from "./scan_host.ts";
import { isStillBound } from "./still_bound.ts";
import { isOfHolders, takeSnapshot } from "./take_snapshot.ts";
import type { World } from "./world.ts";

/** How old a full scan may be. After that, the next look reads everything again. */
export const WHOLE_MS = 300_000;

/** Without requests, the pause after a look is so many times its duration: less than a hundredth of a core is used. */
const REST = 200;

/** The options of {@link makeLooking}. */
export interface LookingOptions {
  /** Gives the answers of the devices. */
  asking: Pick<Asking, "inputs" | "follow" | "problemsOf">;
  /** How old a look may be when a request comes; default 0. */
  freshMs?: number;
  /** How other work gets a turn during a look. */
  makeTurns?: () => Turns;
  /** Called after each look, including failed ones, with its start by `performance.now()`. */
  looked?: (since: number) => void;
}

/** Looks at one host, one look at a time. */
export interface Looking {
  /** Takes a new look, or joins the one that is running. */
  look(): Promise<Snapshot>;
  /**
   * Takes a new look that reads only what these paths below `/sys` name, and no holders. With null, it reads everything.
   */
  lookAt(changed: ReadonlySet<string> | null): Promise<Snapshot>;
  /**
   * The newest snapshot. It is not older than `freshMs`, and was taken after the last reload of a driver. If the device
   * or mdev parent `named` exists, the snapshot has it.
   */
  newest(named?: string): Promise<Snapshot>;
  /** The last snapshot, of any age; null before the first. */
  last(): Snapshot | null;
  /** How long to wait after a look until the next one without requests. */
  restMs(): number;
  /** How long the last look took this thread. */
  usedMs(): number;
  /** When the last look began, not counting looks at changes only. In milliseconds since 1970. */
  beganMs(): number;
  /** Resolves when no look is running. */
  ended(): Promise<void>;
}

/** What a look reads. Without `changed`, all that may have changed without an event. */
interface Scope {
  changed?: ReadonlySet<string> | null;
  whole?: boolean;
}

/** Makes a {@link Looking}. Each look reads what may have changed, and everything every five minutes. */
export function makeLooking(
  world: World,
  { asking, freshMs = 0, makeTurns = takeTurns, looked = () => {} }: LookingOptions,
): Looking {
  const scan = makeScanner(world.roots);
  let snapshot: Snapshot | null = null;
  // The start of the newest finished look, and of the running one. Later changes may be missing in them.
  let lookedAtMs = -Infinity;
  let lookingSinceMs = -Infinity;
  let wholeAtMs = -Infinity;
  let looking: Promise<Snapshot> | null = null;
  let isPart = false;
  let restMs = 0;
  let usedMs = 0;
  let tookMs = 0;
  const nowMs = () => world.now().getTime();
  const isFresh = (sinceMs: number) => nowMs() - sinceMs <= freshMs;
  const lacks = ({ devices, types }: Snapshot, named: string) =>
    !devices.some(({ id }) => id === named) && !types.some(({ parent }) => parent === named) &&
    isThere(world.roots, named);

  const lookNow = async ({ changed = null, whole = false }: Scope): Promise<Snapshot> => {
    const beganMs = nowMs();
    // Without devices, it is not known whether all holders can be read.
    isPart = changed !== null && snapshot !== null && snapshot.devices.length > 0;
    if (!isPart) lookingSinceMs = beganMs;
    const isWhole = whole || (!isPart && !(beganMs - wholeAtMs < WHOLE_MS));
    const turns = makeTurns();
    const holders = isPart && snapshot !== null ? knownHolders(world.roots, snapshot) : null;
    const means = { scan, whole: isWhole, changed: isPart ? changed : null, holders, turns };
    const scanned = await takeSnapshot(world, asking.inputs(), means);
    const seen = { ...scanned, devices: asking.follow(scanned.devices) };
    const ofHolders = isPart ? snapshot?.problems.filter(isOfHolders) ?? [] : [];
    const problems = [...ofHolders, ...seen.problems, ...asking.problemsOf(seen)];
    const taken = { ...seen, problems };
    snapshot = snapshot === null ? taken : await succeed(snapshot, taken, turns);
    usedMs = turns.usedMs();
    if (isWhole) wholeAtMs = beganMs;
    if (!isPart) {
      lookedAtMs = beganMs;
      tookMs = nowMs() - beganMs;
      restMs = usedMs * REST;
    }
    return snapshot;
  };
  const start = (scope: Scope): Promise<Snapshot> => {
    const since = performance.now();
    return looking = lookNow(scope).finally(() => {
      looking = null;
      looked(since);
    });
  };
  const look = async (): Promise<Snapshot> => {
    while (looking !== null && isPart) await looking.catch(() => {});
    return await (looking ?? start({}));
  };

  return {
    look,
    async lookAt(changed) {
      // A look that is running may have begun before the change.
      while (looking !== null) await looking.catch(() => {});
      return await start(changed === null ? { whole: true } : { changed });
    },
    async newest(named) {
      const isNew = snapshot !== null && named !== undefined && lacks(snapshot, named);
      if (
        snapshot !== null && !isNew && isFresh(lookedAtMs) && isStillBound(world.roots, snapshot)
      ) {
        // With steady requests, the next look is complete before this one is too old, and nobody waits for it.
        const ageMs = nowMs() - lookedAtMs;
        const isSoonOld = ageMs > Math.max(freshMs - 2 * tookMs, freshMs / 2) && tookMs > 0;
        if (isSoonOld && looking === null) start({}).catch(() => {});
        return snapshot;
      }
      // The running look may have begun before the device was created.
      if (looking !== null && (isNew || !isFresh(lookingSinceMs))) await looking.catch(() => {});
      return await look();
    },
    last: () => snapshot,
    restMs: () => restMs,
    usedMs: () => usedMs,
    beganMs: () => lookingSinceMs,
    async ended() {
      await looking?.catch(() => {});
    },
  };
}
