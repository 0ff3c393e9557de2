import { assertEquals, assertThrows } from "@std/assert";
import { NLM_F_ACK, NLM_F_REQUEST } from "./netlink.ts";
import {
  encodeRequest,
  encodeText,
  findAttribute,
  parseAttributes,
  parseBit,
  parseGenericAttributes,
  parseMessages,
  parseText,
  parseUnsigned,
} from "./netlink_message.ts";
import { attribute, join, message, nested, padded, text, u16, u32, u8 } from "./netlink_testing.ts";
import type { Bytes } from "./syscalls.ts";

const hex = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");

Deno.test("encodeRequest() lays out headers and padded attributes, and counts the padding", () => {
  const bytes = encodeRequest({
    type: 0x15,
    flags: NLM_F_REQUEST | NLM_F_ACK,
    seq: 2,
    cmd: 51,
    version: 1,
    attributes: [encodeText(1, "pci"), encodeText(2, "0000:41:00.0")],
  });
  assertEquals(
    hex(bytes),
    "30 00 00 00 15 00 05 00 02 00 00 00 00 00 00 00 " + // nlmsghdr: 48 bytes, REQUEST | ACK
      "33 01 00 00 " + // genlmsghdr
      "08 00 01 00 70 63 69 00 " +
      "11 00 02 00 30 30 30 30 3a 34 31 3a 30 30 2e 30 00 00 00 00",
  );
});

Deno.test("parseMessages() and parseAttributes() return what was encoded", () => {
  const attributes = [encodeText(1, "a"), encodeText(2, "longer"), encodeText(3, "")];
  const one = encodeRequest({ type: 20, flags: 0, seq: 7, cmd: 1, version: 1, attributes });
  const two = message(3, 8, [new Uint8Array(4)]);
  const [first, second] = parseMessages(join([one, two]));
  assertEquals([first!.type, first!.seq, second!.type, second!.seq], [20, 7, 3, 8]);
  const found = parseGenericAttributes(first!.payload);
  assertEquals(found.map(({ type, payload }) => [type, parseText(payload)]), [
    [1, "a"],
    [2, "longer"],
    [3, ""],
  ]);
  assertEquals(findAttribute(found, 4), null);
  assertEquals(parseMessages(new Uint8Array()), []);
});

Deno.test("parseAttributes() reads nested attributes with and without the flag, and a last one without padding", () => {
  for (const flagged of [false, true]) {
    const bytes = join([
      padded(nested(100, [text(103, "fw"), text(104, "1.2")], { flagged })),
      u16(77, 4),
    ]);
    const [list, flavour] = parseAttributes(bytes);
    assertEquals([list!.type, flavour!.type, parseUnsigned(flavour!.payload)], [100, 77, 4]);
    assertEquals(parseAttributes(list!.payload).map(({ payload }) => parseText(payload)), [
      "fw",
      "1.2",
    ]);
  }
});

Deno.test("parseUnsigned() reads one, two and four bytes and refuses other widths", () => {
  const of = (bytes: Bytes) => parseUnsigned(parseAttributes(bytes)[0]!.payload);
  assertEquals([of(u8(1, 255)), of(u16(1, 0xfffe)), of(u32(1, 0xfffffffd))], [
    255,
    0xfffe,
    0xfffffffd,
  ]);
  for (const length of [0, 3, 8]) {
    assertThrows(() => parseUnsigned(new Uint8Array(length)), RangeError, `${length} bytes`);
  }
});

Deno.test("parseBit() is null if the selector leaves the bit out", () => {
  const field = (value: number, selector: number) =>
    new Uint8Array(Uint32Array.of(value, selector).buffer);
  assertEquals(parseBit(field(2, 2), 2), true);
  assertEquals(parseBit(field(1, 3), 2), false);
  assertEquals(parseBit(field(2, 1), 2), null);
  assertThrows(() => parseBit(new Uint8Array(7), 2), RangeError, "nla_bitfield32");
});

Deno.test("parseText() ends at the NUL or at the end", () => {
  assertEquals(parseText(new TextEncoder().encode("22.41.1000\0rest")), "22.41.1000");
  assertEquals(parseText(new TextEncoder().encode("22")), "22");
});

/** Malformed bytes: truncated, shorter than their own header, longer than the buffer. */
const BROKEN_ATTRIBUTES: readonly (readonly number[])[] = [
  [4],
  [4, 0, 1],
  [0, 0, 1, 0],
  [3, 0, 1, 0],
  [9, 0, 1, 0, 0, 0, 0, 0],
  [255, 255, 1, 0],
];

for (const bytes of BROKEN_ATTRIBUTES) {
  Deno.test(`parseAttributes() refuses ${hex(Uint8Array.from(bytes))}`, () => {
    assertThrows(() => parseAttributes(Uint8Array.from(bytes)), RangeError, "offset 0");
    const behind = join([padded(u8(1, 1)), Uint8Array.from(bytes)]);
    assertThrows(() => parseAttributes(behind), RangeError, "offset 8");
  });
}

Deno.test("parseMessages() refuses a length below the header or past the end", () => {
  const whole = message(2, 1, [new Uint8Array(20)]);
  for (const length of [0, 1, 15, whole.length + 1, 0xffffffff]) {
    const bytes = whole.slice();
    new DataView(bytes.buffer).setUint32(0, length, true);
    assertThrows(() => parseMessages(bytes), RangeError, "message at offset 0");
  }
  for (let cut = 1; cut < whole.length; cut++) {
    assertThrows(() => parseMessages(whole.slice(0, cut)), RangeError, "message at offset 0");
  }
  assertThrows(() => parseGenericAttributes(new Uint8Array(3)), RangeError);
});

Deno.test("parsing any bytes ends with an answer or a RangeError, and stays in bounds", () => {
  let state = 0x2545f491;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
  for (let round = 0; round < 20_000; round++) {
    const bytes = new Uint8Array(random() % 96);
    // Mostly small numbers, because lengths look like that.
    for (let i = 0; i < bytes.length; i++) bytes[i] = random() % (random() % 3 === 0 ? 256 : 9);
    for (const parse of [parseMessages, parseAttributes, parseGenericAttributes]) {
      let found: { payload: Bytes }[] = [];
      try {
        found = parse(bytes);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
      const total = found.reduce((sum, { payload }) => sum + payload.length + 4, 0);
      assertEquals(total <= bytes.length, true);
    }
  }
});

Deno.test("attribute() of the fake equals encodeText()", () => {
  const payload = new TextEncoder().encode("pci\0");
  assertEquals(encodeText(1, "pci"), attribute(1, payload));
});
