import type { Bytes } from "./syscalls.ts";

/** One uevent: what happened to which object of the kernel. */
export interface Uevent {
  /** `add`, `remove`, `change`, `move`, `online`, `offline`, `bind` or `unbind`. */
  action: string;
  /** The path of the object below `/sys`: `/devices/virtual/mtty/mtty`. */
  devpath: string;
  /** `SUBSYSTEM`, `DRIVER`, `SEQNUM` and others. */
  properties: ReadonlyMap<string, string>;
}

/**
 * Reads a message of the kernel: `ACTION@DEVPATH`, then `KEY=VALUE` texts, each with a NUL. Null for any other message.
 *
 * Source: `kobject_uevent_env()` in lib/kobject_uevent.c of Linux 6.12. Pure.
 */
export function parseUevent(message: Bytes): Uevent | null {
  const [header = "", ...fields] = new TextDecoder().decode(message).split("\0");
  const at = header.indexOf("@");
  const devpath = header.slice(at + 1);
  if (at <= 0 || !devpath.startsWith("/")) return null;
  const properties = new Map<string, string>();
  for (const field of fields) {
    const equals = field.indexOf("=");
    if (equals > 0) properties.set(field.slice(0, equals), field.slice(equals + 1));
  }
  return { action: header.slice(0, at), devpath, properties };
}
