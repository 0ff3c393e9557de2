import { assertEquals, assertMatch } from "@std/assert";
import { uniqueNames } from "./unique_names.ts";

const name = (texts: string[]) =>
  uniqueNames(texts, {
    toName: (text) => text.replace(/[^a-z]/g, "-"),
    longest: 20,
    joint: "-",
  });

Deno.test("uniqueNames() keeps a name that is short and of one text only", () => {
  assertEquals([...name(["a:b", "c", "a:b"])], [["a:b", "a-b"], ["c", "c"]]);
});

Deno.test("uniqueNames() gives texts with the same name, and long ones, names of their own", () => {
  const names = name(["a:b", "a.b", "x".repeat(21), "x".repeat(22)]);
  assertEquals(new Set(names.values()).size, 4);
  for (const made of names.values()) {
    assertMatch(made, /^[a-z-]{4,9}-[0-9a-f]{10}$|^a-b-[0-9a-f]{10}$/);
  }
  // The same whatever the others are.
  assertEquals(name(["x".repeat(21)]).get("x".repeat(21)), names.get("x".repeat(21)));
});
