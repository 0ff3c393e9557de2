import { assertEquals } from "@std/assert";
import { cut, escapeControls, formatTable } from "./table.ts";

Deno.test("formatTable() makes each column as wide as its widest cell", () => {
  assertEquals(
    formatTable(["A", "LONG", "C"], [["long cell", "b", "c"], ["a", "", ""]]),
    "A          LONG  C\nlong cell  b     c\na\n",
  );
});

Deno.test("formatTable() without rows is its heading", () => {
  assertEquals(formatTable(["A", "B"], []), "A  B\n");
});

Deno.test("formatTable() escapes what would move the cursor, and counts it escaped", () => {
  assertEquals(
    formatTable(["A", "B"], [["\x1b[2J", "x\ny"], ["a", "b"]]),
    "A        B\n\\x1b[2J  x\\x0ay\na        b\n",
  );
});

Deno.test("escapeControls() leaves no control character, of C0, C1 or DEL", () => {
  const all = Array.from({ length: 0x100 }, (_, code) => String.fromCharCode(code)).join("");
  const escaped = escapeControls(all);
  assertEquals(/\p{Cc}/u.test(escaped), false);
  assertEquals(escapeControls("\x9b\x7f\t"), "\\x9b\\x7f\\x09");
});

Deno.test("escapeControls() leaves every other character", () => {
  assertEquals(escapeControls("größe 5 µs …"), "größe 5 µs …");
});

Deno.test("cut() keeps a text within its width", () => {
  assertEquals([cut("abc", 3), cut("abcd", 3)], ["abc", "ab…"]);
});
