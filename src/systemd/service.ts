import { openNotify } from "../../ffi/notify.ts";
import type { Log } from "./log.ts";

/** Notifications to a service manager. Without one, each does nothing. */
export interface Service extends Disposable {
  ready(status: string): void;
  status(status: string): void;
  stopping(): void;
}

/**
 * The service manager that started this process, according to its environment.
 *
 * Source: sd_notify(3), sd_watchdog_enabled(3): `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`. A timer of the event
 * loop feeds the watchdog at a third of its timeout, so a hanging loop is noticed. Effect: sends datagrams.
 */
export function openService(
  env: (name: string) => string | undefined,
  log: Pick<Log, "warning">,
): Service {
  const path = env("NOTIFY_SOCKET");
  const notify = path ? openNotify(path) : null;
  const tell = (...lines: string[]): void => {
    const error = notify?.tell(lines.join("\n")) ?? null;
    if (error !== null) log.warning("Cannot notify the service manager", { error });
  };
  const usec = Number(env("WATCHDOG_USEC") ?? 0);
  const mine = Number(env("WATCHDOG_PID") ?? Deno.pid) === Deno.pid;
  const timer = path && mine && usec > 0
    ? setInterval(() => tell("WATCHDOG=1"), usec / 3000)
    : undefined;
  if (timer !== undefined) Deno.unrefTimer(timer);
  return {
    ready: (status) => tell("READY=1", `STATUS=${status}`),
    status: (status) => tell(`STATUS=${status}`),
    stopping: () => tell("STOPPING=1", "STATUS=Stopping"),
    [Symbol.dispose]() {
      clearInterval(timer);
      notify?.[Symbol.dispose]();
    },
  };
}
