import { assertEquals } from "@std/assert";
import { isInRange, parseVersionRange } from "./version_range.ts";

const inRange = (version: string, range: string) => isInRange(version, parseVersionRange(range)!);

const CASES: readonly [range: string, inside: string[], outside: string[]][] = [
  [">=1.2 <2", ["1.2", "1.2.0", "1.99.7"], ["1.1.9", "2", "2.0.1"]],
  [">= 1.2 < 2", ["1.5"], ["2"]],
  ["^1.2.3", ["1.2.3", "1.9"], ["1.2.2", "2.0.0"]],
  ["^0.2.3", ["0.2.9"], ["0.3.0", "0.2.2"]],
  ["~550.54", ["550.54.16", "550.54"], ["550.90", "550.53.99", "551"]],
  ["~1.2.3", ["1.2.9"], ["1.3.0"]],
  ["1.x", ["1", "1.9.9"], ["0.9", "2"]],
  ["1.2 - 1.8", ["1.2", "1.8"], ["1.8.1", "1.1"]],
  ["535.161.05 || >=550", ["535.161.5", "550.90.05"], ["535.161.06", "549"]],
  ["*", ["0", "99.1"], []],
  ["<5.18", ["5.14.0-570.12.1.el9_6.x86_64", "4.19"], ["5.18.0", "6.8.0-51-generic"]],
  [">=6.19", ["6.19.0", "6.19.2-amd64"], ["6.19.0-rc3", "6.18"]],
  ["<6.19", ["6.18.9"], ["6.19.0-rc3"]],
  [">=6.19.0-rc2", ["6.19.0-rc3", "6.19.0-rc12", "6.19"], ["6.19.0-rc1"]],
  ["=4.20.0", ["4.20.0-00001", "4.20"], ["4.20.1"]],
];

for (const [range, inside, outside] of CASES) {
  Deno.test(`isInRange() of ${range}`, () => {
    assertEquals(inside.filter((version) => inRange(version, range) !== true), []);
    assertEquals(outside.filter((version) => inRange(version, range) !== false), []);
  });
}

Deno.test("isInRange() of what is no version is not known", () => {
  assertEquals(["", "unknown", "v", "-1"].map((text) => inRange(text, ">=1")), [
    null,
    null,
    null,
    null,
  ]);
});

Deno.test("parseVersionRange() refuses what is no range", () => {
  for (const text of [">=", "one", "1..2", ">1.x", "1 -", "=>1"]) {
    assertEquals(parseVersionRange(text), null, text);
  }
});
