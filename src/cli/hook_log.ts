import { openNotify } from "../../ffi/notify.ts";
import { escaped } from "../documents/mod.ts";

/** The priorities of syslog(3), in the facility `daemon`. */
const PRIORITIES = { info: 3 * 8 + 6, warning: 3 * 8 + 4 } as const;

/**
 * The log of the hook. libvirt drops what a hook that succeeds writes to standard error, so each line also goes to the
 * system's log, under the name `vfio-ask-hook`. `quiet` leaves out standard error. Never throws.
 *
 * Source: syslog(3), RFC 3164, the datagram socket `/dev/log`. Effect: sends a datagram.
 */
export function openHookLog(
  path: string,
  err: (text: string) => void,
): (
  level: keyof typeof PRIORITIES,
  message: string,
  options?: { quiet?: boolean },
) => void {
  return (level, message, { quiet = false } = {}) => {
    const line = escaped(message).slice(0, 2000);
    if (!quiet) err(`vfio-ask: ${line}\n`);
    if (path === "none") return;
    try {
      using socket = openNotify(path);
      socket.tell(`<${PRIORITIES[level]}>vfio-ask-hook[${Deno.pid}]: ${line}`);
    } catch {
      // Nobody reads the log.
    }
  };
}
