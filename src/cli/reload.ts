import { Failure } from "../documents/mod.ts";
import type { SubsystemMode } from "../judge/ask/mod.ts";
import type { Log } from "../systemd/mod.ts";
import type { PreflightPolicy } from "../access/mod.ts";
import type { Option } from "./command.ts";
import { type Configured, fieldOf } from "./settings.ts";

/** The settings that a running server can replace. Requests and tests that have begun keep the old ones. */
export interface LiveSettings {
  policy: PreflightPolicy;
  subsystem: SubsystemMode;
}

/**
 * The options of {@link LiveSettings}, and those that the worker service and libvirt's hook read themselves. All others take effect at
 * the next start.
 */
const LIVE_OPTIONS = [
  "drivers",
  "hook-policy",
  "hook-place-unknown",
  "subsystem",
  "preflight",
  "preflight-controls",
  "preflight-create",
  "path",
  "stop-copy-bytes",
];

/**
 * Replaces the live settings by those that `read` gives now. Returns a note for the status of the service: empty, or
 * what keeps the new configuration from being in force.
 *
 * `started` is the configuration that the server was started with, and `options` are all that it can have. A wrong
 * configuration changes nothing. Effect: changes `live`; logs errors, and the fields that need a restart.
 */
export function reloadSettings(
  live: LiveSettings,
  { started, options, read, log }: {
    started: Configured<LiveSettings>;
    options: readonly Option[];
    read: () => Configured<LiveSettings>;
    log: Log;
  },
): string {
  let next: Configured<LiveSettings>;
  try {
    next = read();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { message, remedy, subject } = error;
    const sentence = `Keeping the old configuration: ${message}. ${remedy ?? ""}`.trimEnd();
    log.error(sentence, { subject });
    return "; keeps the old configuration, because the new one is wrong";
  }
  const { policy, subsystem } = next.value;
  live.policy = { ...policy, settleMs: started.value.policy.settleMs };
  live.subsystem = subsystem;
  const valueIn = (configured: typeof next, name: string) =>
    JSON.stringify(configured.parsed.options[name]);
  const waiting = options
    .filter(({ name }) => !LIVE_OPTIONS.includes(name))
    .filter(({ name }) => valueIn(next, name) !== valueIn(started, name))
    .map((option) => fieldOf(option).name);
  if (waiting.length === 0) {
    log.info("Configuration reloaded");
    return "";
  }
  const fields = waiting.join(", ");
  log.warning("Configuration reloaded, but some fields change at the next restart only", {
    fields,
    remedy: "systemctl restart vfio-ask",
  });
  return `; restart to change ${fields}`;
}

/** Runs a function for SIGHUP. Dispose of it to leave the signal to the system again. */
export interface Hangups extends Disposable {
  /** Begins to run it; once for all signals that came before, and for all that come during a run. */
  start(run: () => Promise<void>): void;
}

/** Catches SIGHUP from now on. Without it, the signal ends the process. */
export function catchHangups(): Hangups {
  let [pending, running] = [false, false];
  let run: (() => Promise<void>) | null = null;
  const next = async (): Promise<void> => {
    if (run === null || running) return;
    running = true;
    while (pending) {
      pending = false;
      await run();
    }
    running = false;
  };
  const onSignal = () => {
    pending = true;
    void next();
  };
  Deno.addSignalListener("SIGHUP", onSignal);
  return {
    [Symbol.dispose]: () => Deno.removeSignalListener("SIGHUP", onSignal),
    start(given) {
      run = given;
      void next();
    },
  };
}
