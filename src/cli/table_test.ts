import { assertEquals } from "@std/assert";
import { cut, formatTable } from "./table.ts";

Deno.test("formatTable() makes each column as wide as its widest cell", () => {
  assertEquals(
    formatTable(["A", "LONG", "C"], [["long cell", "b", "c"], ["a", "", ""]]),
    "A          LONG  C\nlong cell  b     c\na\n",
  );
});

Deno.test("formatTable() without rows prints the heading", () => {
  assertEquals(formatTable(["A", "B"], []), "A  B\n");
});

Deno.test("formatTable() escapes text that would move the cursor, and measures the escaped width", () => {
  assertEquals(
    formatTable(["A", "B"], [["\x1b[2J", "x\ny"], ["a", "b"]]),
    "A          B\n\\u001b[2J  x\\u000ay\na          b\n",
  );
});

Deno.test("cut() limits a text to a width", () => {
  assertEquals([cut("abc", 3), cut("abcd", 3)], ["abc", "ab…"]);
});
