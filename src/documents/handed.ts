import * as z from "zod/mini";
import type { Known } from "./known.ts";
import { Check } from "./migration.ts";

/**
 * What a driver did with bytes that were handed to it in RESUMING.
 *
 * - `taken`: every byte. `partly-taken`: fewer, and no errno.
 * - `refused`: the write gave an errno, or (uapi v1) left the device in its error state; `bytes` were taken before.
 * - `not-handed`: the device did not get as far as the write, see `check`.
 */
export const Handed = z.discriminatedUnion("is", [
  z.looseObject({ is: z.literal("taken"), bytes: z.number() }),
  z.looseObject({ is: z.literal("partly-taken"), bytes: z.number() }),
  z.looseObject({ is: z.literal("refused"), bytes: z.number(), check: Check }),
  z.looseObject({ is: z.literal("not-handed"), check: Check }),
]);
export type Handed = Known<z.infer<typeof Handed>>;

/** How a test was controlled: in the same run, earlier in this load of the driver, or not at all and why. */
export const CONTROLS = ["made", "remembered", "off", "impossible"] as const;

/**
 * One test of a device through its driver. `own` is the device's own data (the positive control), `altered` are copies
 * of it with every byte changed from `fromByte` on (the negative controls), `source` is the source's data. Null or
 * empty where it was not handed over.
 */
export const DriverTest = z.lazy(() =>
  z.looseObject({
    controls: z.enum(CONTROLS),
    /** How much the device's own driver calls initial, in bytes; null where it does not say. */
    ownBytes: z.nullable(z.number()),
    own: z.nullable(Handed),
    altered: z.array(z.looseObject({ fromByte: z.number(), handed: Handed })),
    source: z.nullable(Handed),
  })
);
export type DriverTest = Known<z.infer<typeof DriverTest>>;

/**
 * errnos of a write that may come from the state of the host, not from the data: memory, an interrupted or a busy
 * device, an unplugged one. Source: errno(3); ERESTARTSYS is one that drivers leak.
 */
const HOST_ERRNOS: ReadonlySet<string> = new Set([
  "EACCES",
  "EAGAIN",
  "EBUSY",
  "ECANCELED",
  "EINTR",
  "EIO",
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENODEV",
  "ENOMEM",
  "ENOSPC",
  "ENXIO",
  "EPERM",
  "ERESTARTSYS",
  "ESHUTDOWN",
  "ETIME",
  "ETIMEDOUT",
]);

/** Whether a refusal may have nothing to do with the data. It counts only where the device's own data was taken. */
export function mayBeTheHosts(errno: string | null): boolean {
  return errno !== null && HOST_ERRNOS.has(errno);
}
