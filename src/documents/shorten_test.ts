import { assertEquals } from "@std/assert";
import { escaped } from "./shorten.ts";

Deno.test("escaped() escapes all control characters of C0 and C1, and DEL", () => {
  const all = Array.from({ length: 0x100 }, (_, code) => String.fromCharCode(code)).join("");
  assertEquals(/\p{Cc}/u.test(escaped(all)), false);
  assertEquals(escaped("\x9b\x7f\t"), "\\u009b\\u007f\\u0009");
});

Deno.test("escaped() escapes marks that change the direction of text or end a line", () => {
  assertEquals(escaped("a\u202eb\u2066c\u200f\u2028"), "a\\u202eb\\u2066c\\u200f\\u2028");
});

Deno.test("escaped() keeps all other characters", () => {
  assertEquals(escaped("größe 5 µs …"), "größe 5 µs …");
});
