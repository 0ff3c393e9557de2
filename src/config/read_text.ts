import { errnoOf } from "../host/mod.ts";

/** The largest file of an operator that is read. */
export const MAX_BYTES = 1 << 20;

/**
 * The text of a file of an operator.
 *
 * Throws an Error whose message completes the sentence about the file: `cannot be read: EACCES`.
 */
export function readText(path: string): string {
  let size: number;
  try {
    size = Deno.statSync(path).size;
    if (size <= MAX_BYTES) return Deno.readTextFileSync(path);
  } catch (error) {
    throw new Error(`cannot be read: ${errnoOf(error)}`);
  }
  throw new Error(`larger than ${MAX_BYTES} bytes`);
}
