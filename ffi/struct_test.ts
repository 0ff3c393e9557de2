import { assertEquals, assertThrows } from "@std/assert";
import { defineStruct } from "./struct.ts";

const sample = defineStruct("sample", 24, {
  small: ["u8", 0],
  short: ["u16", 2],
  word: ["u32", 4],
  signed: ["i32", 8],
  long: ["u64", 16],
});

Deno.test("make() lays out fields at their offsets, little endian, zero elsewhere", () => {
  const bytes = sample.make({ small: 1, short: 0x0203, word: 0x04050607, signed: -1, long: 8n });
  const expected = "01 00 03 02 07 06 05 04 ff ff ff ff 00 00 00 00 08 00 00 00 00 00 00 00";
  assertEquals(Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join(" "), expected);
});

Deno.test("read() returns what make() was given, at any offset", () => {
  const values = { small: 255, short: 65535, word: 0xffffffff, signed: -5, long: (1n << 64n) - 1n };
  const behind = new Uint8Array(40);
  behind.set(sample.make(values), 13);
  assertEquals(sample.read(behind, 13), values);
});

Deno.test("write() sets the given fields and leaves the others", () => {
  const bytes = sample.make({ word: 7, long: 9n });
  sample.write(bytes, { word: 8 });
  assertEquals(sample.read(bytes), { small: 0, short: 0, word: 8, signed: 0, long: 9n });
});

Deno.test("read() names the struct if the bytes are too short", () => {
  assertThrows(() => sample.read(new Uint8Array(23)), RangeError, "struct sample");
  assertThrows(() => sample.read(new Uint8Array(24), 1), RangeError, "struct sample");
  assertThrows(() => sample.read(new Uint8Array(24), -1), RangeError, "struct sample");
});
