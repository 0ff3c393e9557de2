import type { Snapshot } from "../documents/mod.ts";
import { isThere, takeTurns, type Turns } from "../host/mod.ts";
import type { Asking } from "./asking.ts";
import { succeed } from "./keep_same.ts";
import { makeScanner } from "./scan_host.ts";
import { isStillBound } from "./still_bound.ts";
import { takeSnapshot } from "./take_snapshot.ts";
import type { World } from "./world.ts";

/** How old a whole scan may be: a look after that believes nothing that was read before. */
const WHOLE_MS = 300_000;

/** How many times as long as a look took there is none unless somebody asks: less than a hundredth of a core. */
const REST = 200;

/** What is looked with. */
export interface LookingOptions {
  /** What is known of devices by asking them. */
  asking: Pick<Asking, "inputs" | "problemsOf">;
  /** How old a look may be when somebody asks; none, where it is left out. */
  freshMs?: number;
  /** How others get a turn meanwhile. */
  makeTurns?: () => Turns;
  /** Is called after each look, also one that failed. */
  looked?: () => void;
}

/** Looks at one host, one look at a time. */
export interface Looking {
  /** Looks anew; while a look runs, that one. */
  look(): Promise<Snapshot>;
  /**
   * The newest snapshot, not older than `freshMs`, nor than the last reload of a driver, nor than a device, or a parent
   * of mdevs, that is `named`.
   */
  newest(named?: string): Promise<Snapshot>;
  /** The last snapshot that was taken, however old; null before the first. */
  last(): Snapshot | null;
  /** How long to leave the host alone when nobody asks. */
  restMs(): number;
  /** Resolves when no look runs. */
  ended(): Promise<void>;
}

/** Makes what looks at a host: each look reads what may have changed, and all every five minutes. */
export function makeLooking(
  world: World,
  { asking, freshMs = 0, makeTurns = takeTurns, looked = () => {} }: LookingOptions,
): Looking {
  const scan = makeScanner(world.roots);
  let snapshot: Snapshot | null = null;
  // When the newest look began, and the one that runs: what happened since may not be in it.
  let lookedAtMs = -Infinity;
  let lookingSinceMs = -Infinity;
  let wholeAtMs = -Infinity;
  let looking: Promise<Snapshot> | null = null;
  let restMs = 0;
  const nowMs = () => world.now().getTime();
  const isFresh = (sinceMs: number) => nowMs() - sinceMs <= freshMs;
  const lacks = ({ devices, types }: Snapshot, named: string) =>
    !devices.some(({ id }) => id === named) && !types.some(({ parent }) => parent === named) &&
    isThere(world.roots, named);

  const lookNow = async (): Promise<Snapshot> => {
    const beganMs = lookingSinceMs = nowMs();
    const whole = !(beganMs - wholeAtMs < WHOLE_MS);
    const turns = makeTurns();
    const means = { scan, whole, turns };
    const seen = await takeSnapshot(world, asking.inputs(), means);
    const taken = { ...seen, problems: [...seen.problems, ...asking.problemsOf(seen)] };
    snapshot = snapshot === null ? taken : await succeed(snapshot, taken, turns);
    if (whole) wholeAtMs = beganMs;
    lookedAtMs = beganMs;
    restMs = turns.usedMs() * REST;
    return snapshot;
  };
  const look = (): Promise<Snapshot> =>
    looking ??= lookNow().finally(() => {
      looking = null;
      looked();
    });

  return {
    look,
    async newest(named) {
      const isNew = snapshot !== null && named !== undefined && lacks(snapshot, named);
      if (
        snapshot !== null && !isNew && isFresh(lookedAtMs) && isStillBound(world.roots, snapshot)
      ) {
        return snapshot;
      }
      // A look that runs may have begun before the device was made.
      if (looking !== null && (isNew || !isFresh(lookingSinceMs))) await looking.catch(() => {});
      return await look();
    },
    last: () => snapshot,
    restMs: () => restMs,
    async ended() {
      await looking?.catch(() => {});
    },
  };
}
