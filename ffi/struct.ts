import type { Bytes } from "./syscalls.ts";

/** The type and the offset of a field in its struct. */
export type Field = readonly [type: "u8" | "u16" | "u32" | "i32" | "u64", offset: number];
/** Fields by their C names. */
export type Fields = Readonly<Record<string, Field>>;
/** The values of a struct's fields. `u64` is a bigint. */
export type Values<F extends Fields> = { [K in keyof F]: F[K][0] extends "u64" ? bigint : number };

/** A C struct as bytes, with the name, size and fields from the header. Little endian (x86-64 and aarch64 Linux). */
export interface Struct<F extends Fields> {
  /** The name in the header: `vfio_device_info`. */
  readonly name: string;
  /** `sizeof` in bytes, without the members of a flexible array. */
  readonly size: number;
  readonly fields: F;
  /** New bytes with these values, zero elsewhere, plus `trailing` bytes at the end. */
  make(values?: Partial<Values<F>>, trailing?: number): Bytes;
  /** All fields. Throws a RangeError with the struct's name if there are too few bytes. */
  read(bytes: Uint8Array, offset?: number): Values<F>;
  /** Sets the given fields and leaves the others. */
  write(bytes: Uint8Array, values: Partial<Values<F>>, offset?: number): void;
}

type Read = (view: DataView, offset: number) => number | bigint;
type Write = (view: DataView, offset: number, value: number | bigint) => void;

const READ: Readonly<Record<Field[0], Read>> = {
  u8: (view, offset) => view.getUint8(offset),
  u16: (view, offset) => view.getUint16(offset, true),
  u32: (view, offset) => view.getUint32(offset, true),
  i32: (view, offset) => view.getInt32(offset, true),
  u64: (view, offset) => view.getBigUint64(offset, true),
};
const WRITE: Readonly<Record<Field[0], Write>> = {
  u8: (view, offset, value) => view.setUint8(offset, Number(value)),
  u16: (view, offset, value) => view.setUint16(offset, Number(value), true),
  u32: (view, offset, value) => view.setUint32(offset, Number(value), true),
  i32: (view, offset, value) => view.setInt32(offset, Number(value), true),
  u64: (view, offset, value) => view.setBigUint64(offset, BigInt(value), true),
};

/**
 * Declares a struct. Offsets are explicit and include padding. A test compares them with a C compiler's.
 *
 * ```ts
 * import { defineStruct } from "./struct.ts";
 *
 * const pair = defineStruct("pair", 16, { argsz: ["u32", 0], address: ["u64", 8] });
 * const bytes = pair.make({ argsz: pair.size, address: 0x1000n });
 * console.log(pair.read(bytes).address);
 * ```
 */
export function defineStruct<const F extends Fields>(
  name: string,
  size: number,
  fields: F,
): Struct<F> {
  const view = (bytes: Uint8Array, offset: number): DataView => {
    if (offset < 0 || offset + size > bytes.length) {
      throw new RangeError(
        `Cannot read struct ${name}: ${size} bytes at offset ${offset} of ${bytes.length}`,
      );
    }
    return new DataView(bytes.buffer, bytes.byteOffset + offset, size);
  };
  return {
    name,
    size,
    fields,
    make(values = {}, trailing = 0) {
      const bytes = new Uint8Array(size + trailing);
      this.write(bytes, values);
      return bytes;
    },
    read(bytes, offset = 0) {
      const from = view(bytes, offset);
      const values: Record<string, number | bigint> = {};
      for (const [key, [type, at]] of Object.entries(fields)) values[key] = READ[type](from, at);
      return values as Values<F>;
    },
    write(bytes, values, offset = 0) {
      const to = view(bytes, offset);
      for (const [key, value] of Object.entries(values)) {
        const [type, at] = fields[key]!;
        WRITE[type](to, at, value as number | bigint);
      }
    },
  };
}
