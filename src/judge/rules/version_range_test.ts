import { assert, assertEquals } from "@std/assert";
import { isOlder } from "./version.ts";
import { isInRange, parseVersionRange } from "./version_range.ts";

const inRange = (version: string, range: string) => isInRange(version, parseVersionRange(range)!);

/** The results of npm's semver, and of what its syntax lacks: leading zeros, four numbers, suffixes. */
const CASES: readonly [range: string, inside: string[], outside: string[]][] = [
  [">=1.2 <2", ["1.2", "1.2.0", "1.99.7"], ["1.1.9", "2", "2.0.1"]],
  [">= 1.2 < 2", ["1.5"], ["2"]],
  ["550", ["550", "550.54.14", "550.90.05"], ["549.99", "551"]],
  ["=550", ["550.54.14"], ["551"]],
  ["<=1.8", ["1.8", "1.8.9", "0.9"], ["1.9", "2"]],
  [">1.2", ["1.3", "2"], ["1.2", "1.2.9", "1.1"]],
  ["1.2 - 1.8", ["1.2", "1.8", "1.8.9"], ["1.9", "1.1"]],
  ["1.2.3 - 1.8.0", ["1.8.0"], ["1.8.1", "1.2.2"]],
  ["<1.8", ["1.7.9"], ["1.8", "1.8.9"]],
  ["^1.2.3", ["1.2.3", "1.9"], ["1.2.2", "2.0.0"]],
  ["^0.2.3", ["0.2.9"], ["0.3.0", "0.2.2"]],
  ["~550.54", ["550.54.16", "550.54"], ["550.90", "550.53.99", "551"]],
  ["~1.2.3", ["1.2.9"], ["1.3.0"]],
  ["~1", ["1.9"], ["2"]],
  ["1.x", ["1", "1.9.9"], ["0.9", "2"]],
  ["535.161.05 || >=550", ["535.161.5", "550.90.05"], ["535.161.06", "549"]],
  [">=535.129.03", ["535.129.03", "535.161.05", "550"], ["535.129.02", "535.104.12"]],
  ["*", ["0", "99.1"], []],
  ["<5.18", ["5.14.0-570.12.1.el9_6.x86_64", "4.19"], ["5.18.0", "6.8.0-51-generic"]],
  [">=5.15", ["5.15.0-91-generic", "6.12.117+deb13-amd64", "6.12.57+"], [
    "5.14.21-150500.55.49-default",
  ]],
  // A release candidate counts as its release.
  [">=6.19", ["6.19.0", "6.19.0-rc3", "6.19-rc1"], ["6.18"]],
  ["<6.19", ["6.18.9"], ["6.19.0-rc3"]],
  [">=6.18", ["6.19.0-rc3"], []],
  // Only the first three numbers count.
  ["28.43.1014", ["28.43.1014", "28.43.1014.1"], ["28.43.1015"]],
  [">28.43.1014", ["28.43.1015"], ["28.43.1014.7"]],
  [">=22.36.1010", ["22.36.1010 (MT_0000000359)", "22.39.1002"], ["22.35.3502"]],
  ["=4.20.0", ["4.20.0-00001", "4.20"], ["4.20.1"]],
  ["1.106", ["1.106.0-C-12"], ["1.95.0-C-8"]],
];

for (const [range, inside, outside] of CASES) {
  Deno.test(`isInRange() of ${range}`, () => {
    assertEquals(inside.filter((version) => inRange(version, range) !== true), []);
    assertEquals(outside.filter((version) => inRange(version, range) !== false), []);
  });
}

Deno.test("isInRange() of a text that is not a version is null for every range", () => {
  const none = ["", "unknown", "v", "-1", "1.2beta", "12ab", "0x1f", "MT_0000000359", "1.2.3rc4"];
  for (const text of [...none, `${"9".repeat(20)}.1`, "1..2x"]) {
    assertEquals([inRange(text, ">=1"), inRange(text, "<1"), inRange(text, "*")], [
      null,
      null,
      null,
    ], text);
  }
});

Deno.test("parseVersionRange() refuses invalid ranges, and parts that are not compared", () => {
  const none = [">=", "one", "1..2", "1 -", "=>1", ">= one", "latest", "- 2", "1.2 -1.8"];
  const uncompared = ["1.2.3.4", ">=6.19.0-rc2", ">=5.14.0-570", "1.2.3+deb13", "<2 1.2.3-beta"];
  for (const text of [...none, ...uncompared]) assertEquals(parseVersionRange(text), null, text);
});

Deno.test("parseVersionRange() terminates on long and hostile text", () => {
  const texts = ["1.".repeat(1000), ">".repeat(2000), "1 ".repeat(1000), "||".repeat(1000)];
  assertEquals(texts.map((text) => parseVersionRange(text) === null), [true, true, false, true]);
});

Deno.test("isOlder() compares all numbers, and is false for a text that is not a version", () => {
  assert(isOlder("5.14.0-570.el9", "5.18"));
  assert(isOlder("1.2.3.4", "1.2.3.5"));
  assert(!isOlder("5.18", "5.18.0"));
  assert(!isOlder("6.19.0-rc1", "6.19"));
  assert(!isOlder("never", "5.18") && !isOlder("5.18", "vendor"));
});
