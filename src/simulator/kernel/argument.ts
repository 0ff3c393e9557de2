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
 * Reads a struct that starts with its size: `argsz` of VFIO, `size` of iommufd. Refuses a size below the minimum with
 * EINVAL. The minimum is the struct's own size, unless a later kernel extended it.
 */
export function readSized<F extends Sized>(
  struct: Struct<F>,
  argument: Argument,
  least = struct.size,
): Values<F> {
  const values = struct.read(bytesOf(argument, struct.size));
  if (((values.argsz ?? values.size) as number) < least) refuse("EINVAL");
  return values;
}

type Sized = Fields & ({ argsz: readonly ["u32", 0] } | { size: readonly ["u32", 0] });

/** Sets fields of the caller's struct. Refuses too few bytes: EFAULT. */
export function reply<F extends Fields>(
  struct: Struct<F>,
  argument: Argument,
  values: Partial<Values<F>>,
): void {
  struct.write(bytesOf(argument, struct.size), values);
}
