import { assertEquals } from "@std/assert";
import { literalType, matchType } from "./type_pattern.ts";

Deno.test("matchType() matches a pattern without wildcards literally", () => {
  assertEquals(matchType("mtty", "mtty", { ports: "2" }), { ports: "2" });
  for (const pattern of ["a.b", "a+b", "(a)", "a\\b", "ä{", "{a-b}", "^a$"]) {
    assertEquals([pattern, matchType(pattern, pattern)], [pattern, {}]);
    assertEquals([pattern, matchType(pattern, `${pattern}x`)], [pattern, null]);
  }
  assertEquals(matchType("a.b", "axb"), null);
});

Deno.test("matchType() returns the values of names, and accepts any text for a wildcard", () => {
  assertEquals(matchType("mtty-{ports}", "mtty-2"), { ports: "2" });
  assertEquals(matchType("mtty-{ports}", "mtty-"), null);
  assertEquals(matchType("i915.*", "i915."), {});
  assertEquals(matchType("i915.*", "i915xy"), null);
  assertEquals(matchType("{a}-{b}.q", "x-1-2.q"), { a: "x", b: "1-2" });
  assertEquals(matchType("{a}-{a}", "x-y"), null);
  assertEquals(matchType("{a}-x", "y-x", { a: "y" }), { a: "y" });
  assertEquals(matchType("{a}-x", "y-x", { a: "z" }), null);
});

Deno.test("literalType() fills in known names", () => {
  assertEquals(literalType("mtty-{ports}", { ports: "2" }), "mtty-2");
  assertEquals(literalType("mtty-{ports}", {}), null);
  assertEquals(literalType("mtty-*", {}), null);
  assertEquals(literalType("mtty", {}), "mtty");
});
