import * as z from "zod/mini";

/** A check that a text has no control characters, which could move the cursor of a terminal. */
export const NO_CONTROLS = (): z.core.$ZodCheck<string> =>
  z.refine<string>(hasNoControls, { error: "Invalid input: expected no control characters" });

/** A name: 1 to 512 characters without control characters. */
export const Name = z.lazy(() => z.string().check(z.minLength(1), z.maxLength(512), NO_CONTROLS()));

/** A text from the kernel, a vendor or a person: bounded, and escaped when shown. */
export const Text = z.lazy(() => z.string().check(z.maxLength(4096)));

/** A number or size: a whole number from 0 on, up to 64 bits as in the kernel. */
export const Count = z.lazy(() =>
  z.number().check(
    z.gte(0),
    z.refine(Number.isInteger, { error: "Invalid input: expected a whole number" }),
  )
);

/** A NUMA node; -1 if the kernel knows none. */
export const NumaNode = z.lazy(() => z.int().check(z.gte(-1)));

/** Orders text by code unit, which gives the same order on every host. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Unicode category Cc: C0, DEL and C1. A pattern takes four times as long, and every name of a host is checked. */
function hasNoControls(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code >= 0x7f && code < 0xa0) return false;
  }
  return true;
}
