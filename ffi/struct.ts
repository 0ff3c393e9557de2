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
      for (const [key, field] of Object.entries(fields)) values[key] = getField(from, field);
      return values as Values<F>;
    },
    write(bytes, values, offset = 0) {
      const to = view(bytes, offset);
      for (const [key, value] of Object.entries(values)) {
        setField(to, fields[key]!, value as number | bigint);
      }
    },
  };
}

function getField(view: DataView, [type, offset]: Field): number | bigint {
  switch (type) {
    case "u8":
      return view.getUint8(offset);
    case "u16":
      return view.getUint16(offset, true);
    case "u32":
      return view.getUint32(offset, true);
    case "i32":
      return view.getInt32(offset, true);
    case "u64":
      return view.getBigUint64(offset, true);
  }
}

function setField(view: DataView, [type, offset]: Field, value: number | bigint): void {
  switch (type) {
    case "u8":
      return view.setUint8(offset, Number(value));
    case "u16":
      return view.setUint16(offset, Number(value), true);
    case "u32":
      return view.setUint32(offset, Number(value), true);
    case "i32":
      return view.setInt32(offset, Number(value), true);
    case "u64":
      return view.setBigUint64(offset, BigInt(value), true);
  }
}
