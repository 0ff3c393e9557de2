/** Whether a machine runs on this host: `coming` while its state is being loaded. */
export type MachineState = "runs" | "coming" | "none" | "unknown";

/** What the follower needs. */
export interface FollowWorld {
  /** Whether the record is still there. */
  isOpen: () => Promise<boolean>;
  readState: () => Promise<MachineState>;
  nowMs: () => number;
  sleep: (ms: number) => Promise<void>;
}

/** How long a machine may take to appear, in milliseconds. libvirt starts QEMU within seconds after the hook. */
const APPEARS_MS = 60_000;
/** How long libvirt may take to report a machine that has gone. */
const REPORTED_MS = 10_000;
const MOST_MS = 24 * 60 * 60 * 1000;

/**
 * Waits for the end of a migration that comes in: `ok` when the machine runs, `gone` when it never appears, or has gone
 * and libvirt reported nothing; null when somebody else has ended the record. No hook of libvirt runs when a migration
 * has succeeded, so this is the way to learn it. Effect: reads the state of the machine every half second, later every
 * two.
 */
export async function followArrival(world: FollowWorld): Promise<"ok" | "gone" | null> {
  const { isOpen, readState, nowMs, sleep } = world;
  const startMs = nowMs();
  let [wasThere, sinceMs] = [false, startMs];
  while (await isOpen()) {
    const state = await readState();
    if (state === "runs") return "ok";
    if (state !== "none") {
      wasThere ||= state === "coming";
      sinceMs = nowMs();
    } else if (nowMs() - sinceMs > (wasThere ? REPORTED_MS : APPEARS_MS)) return "gone";
    const ageMs = nowMs() - startMs;
    if (ageMs > MOST_MS) return "gone";
    await sleep(ageMs < APPEARS_MS ? 500 : 2_000);
  }
  return null;
}

/**
 * The state of a machine from what `virsh domstate NAME --reason` prints in English: `running (migrated)`. A machine
 * that was paused before is paused after the migration. While its state is loaded it is `paused (migrating)`, or
 * `running (post-copy)`, which can still fail. Pure.
 */
export function parseMachineState(text: string): MachineState {
  const [, state = "", reason = ""] = /^\s*([a-z ]+?)(?: \(([^)]*)\))?\s*$/.exec(text) ?? [];
  if (/^post-copy/.test(reason)) return "coming";
  if (state === "running" || state === "idle") return "runs";
  if (state === "shut off") return "none";
  if (state !== "paused") return state === "" ? "unknown" : "coming";
  return ["migrating", "starting up", "unknown", ""].includes(reason) ? "coming" : "runs";
}
