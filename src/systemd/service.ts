import { readMonotonicUsec } from "../../ffi/clock.ts";
import { openNotify } from "../../ffi/notify.ts";
import { escaped } from "../documents/mod.ts";
import type { Log } from "./log.ts";

/** How often the status is checked without a watchdog. */
const STATUS_MS = 10_000;

/** Notifications to a service manager. Without one, each does nothing. */
export interface Service extends Disposable {
  /** The service answers: after its start, and after a reload. */
  ready(): void;
  /** The service begins to read its configuration again. */
  reloading(): void;
  stopping(): void;
}

/** What a service needs to notify its manager. */
export interface ServiceOptions {
  env: (name: string) => string | undefined;
  log: Pick<Log, "warning">;
  /** The state of the service in one line, for `systemctl status`. */
  status: () => string;
}

/**
 * The service manager that started this process, according to its environment.
 *
 * Source: sd_notify(3), sd_watchdog_enabled(3): `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`. A timer of the event
 * loop feeds the watchdog at a third of its timeout, so a hanging loop is noticed. The same timer sends the status when
 * it has changed. Effect: sends datagrams.
 */
export function openService({ env, log, status }: ServiceOptions): Service {
  const path = env("NOTIFY_SOCKET");
  const notify = path ? openNotify(path) : null;
  let told = "";
  let [isReady, isStopping] = [false, false];
  const tell = (...lines: string[]): void => {
    if (notify === null) return;
    const error = notify.tell(lines.join("\n"));
    if (error !== null) log.warning("Cannot notify the service manager", { error });
  };
  /** The line of the status, if it has changed since it was sent. */
  const news = (): string[] => {
    // A line break would begin another notification.
    const now = escaped(status());
    if (now === told) return [];
    told = now;
    return [`STATUS=${now}`];
  };
  const usec = Number(env("WATCHDOG_USEC") ?? 0);
  const mine = Number(env("WATCHDOG_PID") ?? Deno.pid) === Deno.pid;
  const watched = mine && usec > 0;
  const tick = (): void => {
    const lines = [...watched ? ["WATCHDOG=1"] : [], ...isReady ? news() : []];
    if (lines.length > 0) tell(...lines);
  };
  const timer = notify === null ? undefined : setInterval(tick, watched ? usec / 3000 : STATUS_MS);
  if (timer !== undefined) Deno.unrefTimer(timer);
  return {
    ready() {
      // A reload can end after the service has begun to stop.
      if (isStopping) return;
      isReady = true;
      if (notify !== null) tell("READY=1", ...news());
    },
    reloading() {
      // The manager ignores a READY that was sent before this time.
      if (notify !== null) tell("RELOADING=1", `MONOTONIC_USEC=${readMonotonicUsec()}`);
    },
    stopping() {
      [isReady, isStopping] = [false, true];
      tell("STOPPING=1", "STATUS=Stopping");
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      notify?.[Symbol.dispose]();
    },
  };
}
