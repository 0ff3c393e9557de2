import * as z from "zod/mini";

/** A check that a text has no control characters: they could move the cursor of who reads it. */
export const NO_CONTROLS = (): z.core.$ZodCheck<string> =>
  z.refine<string>(hasNoControls, { error: "Invalid input: expected no control characters" });

/** A name: 1 to 512 characters, none of them a control character. */
export const Name = z.lazy(() => z.string().check(z.minLength(1), z.maxLength(512), NO_CONTROLS()));

/** A text of the kernel, a vendor or a person: bounded, and shown escaped. */
export const Text = z.lazy(() => z.string().check(z.maxLength(4096)));

/** How many there are of something, or its size: a whole number from 0 on, of 64 bits as the kernel has them. */
export const Count = z.lazy(() =>
  z.number().check(
    z.gte(0),
    z.refine(Number.isInteger, { error: "Invalid input: expected a whole number" }),
  )
);

/** A NUMA node; -1 where the kernel knows of none. */
export const NumaNode = z.lazy(() => z.int().check(z.gte(-1)));

/** Orders text by code unit, which gives the same order on every host. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Unicode's category Cc: C0, DEL and C1. A pattern takes four times as long, and every name of a host is held against it. */
function hasNoControls(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code >= 0x7f && code < 0xa0) return false;
  }
  return true;
}
