import * as z from "zod/mini";
import type { Known } from "./known.ts";
import { Check } from "./migration.ts";

/**
 * What a driver did with bytes that were written to it in RESUMING.
 *
 * - `taken`: every byte. `partly-taken`: fewer, and no errno.
 * - `refused`: the write failed with an errno, or (uapi v1) left the device in its error state; `bytes` were taken before.
 * - `not-handed`: the device failed before the write, see `check`.
 */
export const Handed = z.discriminatedUnion("is", [
  z.looseObject({ is: z.literal("taken"), bytes: z.number() }),
  z.looseObject({ is: z.literal("partly-taken"), bytes: z.number() }),
  z.looseObject({ is: z.literal("refused"), bytes: z.number(), check: Check }),
  z.looseObject({ is: z.literal("not-handed"), check: Check }),
]);
export type Handed = Known<z.infer<typeof Handed>>;

/** The controls of a test: made in this run, remembered from this load of the driver, turned off, or impossible. */
export const CONTROLS = ["made", "remembered", "off", "impossible"] as const;

/**
 * One test of a device through its driver. `own` is the device's own data (the positive control). `altered` are copies
 * of it with every byte changed from `fromByte` on (the negative controls). `source` is the source's data. Each is null
 * or empty if it was not written.
 */
export const DriverTest = z.lazy(() =>
  z.looseObject({
    controls: z.enum(CONTROLS),
    /** The size of the device's own initial data in bytes; null if the driver does not report it. */
    ownBytes: z.nullable(z.number()),
    own: z.nullable(Handed),
    altered: z.array(z.looseObject({ fromByte: z.number(), handed: Handed })),
    source: z.nullable(Handed),
  })
);
export type DriverTest = Known<z.infer<typeof DriverTest>>;

/**
 * errnos of a write that may come from the state of the host and not from the data: no memory, an interrupted, busy or
 * unplugged device. Source: errno(3); ERESTARTSYS is one that drivers leak.
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

/** Whether a refusal may have a cause other than the data. Then it counts only if the device's own data was taken. */
export function mayBeTheHosts(errno: string | null): boolean {
  return errno !== null && HOST_ERRNOS.has(errno);
}
