import type { Fields, Struct, Values } from "../../../ffi/struct.ts";
import type { Bytes } from "../../../ffi/syscalls.ts";
import { refuse } from "./refusal.ts";

/** An ioctl argument: a struct's bytes, or a number by value. */
export type Argument = Bytes | number;

/** The argument's bytes. Refuses a number, which is no address, and too few bytes: EFAULT. */
export function bytesOf(argument: Argument, length: number): Bytes {
  if (typeof argument === "number" || argument.length < length) refuse("EFAULT");
  return argument;
}

/** A by-value argument. */
export function numberOf(argument: Argument): number {
  return typeof argument === "number" ? argument : refuse("EINVAL");
}

/**
 * Reads a struct that starts with `argsz`. Refuses a size below the minimum with EINVAL. The minimum is the struct's
 * own size, unless a later kernel extended it.
 */
export function readSized<F extends Fields & { argsz: readonly ["u32", 0] }>(
  struct: Struct<F>,
  argument: Argument,
  least = struct.size,
): Values<F> {
  const values = struct.read(bytesOf(argument, struct.size));
  if ((values.argsz as number) < least) refuse("EINVAL");
  return values;
}
