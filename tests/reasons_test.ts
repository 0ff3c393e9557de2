/** Compares the tables of codes with the program, the shipped rules and docs/reasons.md. */
import { assertEquals } from "@std/assert";
import { PAGE, reasonsPage } from "../scripts/reasons.ts";
import { FINDING_CODES } from "../src/documents/finding_codes.ts";
import { PROBLEM_CODES } from "../src/documents/problem_codes.ts";
import { REASON_CODES } from "../src/documents/reason_codes.ts";
import { shippedRules } from "../src/judge/rules/mod.ts";

const { shippedRules: SHIPPED, ...OWN } = REASON_CODES;

Deno.test("docs/reasons.md is the output of `deno task reasons`", () => {
  assertEquals(Deno.readTextFileSync(PAGE), reasonsPage());
});

Deno.test("the program uses every code of the tables", () => {
  const text = readSources(new URL("../src/", import.meta.url));
  const codes = [...Object.values(OWN), FINDING_CODES, { problem: PROBLEM_CODES }]
    .flatMap((byEffect) => Object.values(byEffect).flatMap((codes) => Object.keys(codes)));
  // src/judge/ask/check_vmm.ts builds these from the codes of needs.
  const written = (code: string) => `"${code.replace(/Here$/, "")}"`;
  assertEquals(codes.filter((code) => !text.includes(written(code))), []);
});

Deno.test("the codes and effects of shipped rules are the ones in their table", () => {
  const targets = shippedRules().flatMap(({ document }) => document.rules)
    .flatMap(({ targets }) => targets);
  const named = targets.flatMap(({ code, verdict, require = [], when = [], warnings = [] }) => [
    [verdict === "incompatible" ? "refuse" : verdict, code] as const,
    ...[...require, ...when].map(({ code, otherwise = "refuse" }) => [otherwise, code] as const),
    ...warnings.map(({ code }) => ["warn", code] as const),
  ]).flatMap(([effect, code]) => code === undefined ? [] : `${effect} ${code}`);
  const known = Object.entries(SHIPPED).flatMap(([effect, codes]) =>
    Object.keys(codes).map((code) => `${effect} ${code}`)
  );
  assertEquals([...new Set(named)].sort(), known.sort());
});

/** The text of the program without tests and tables of codes. */
function readSources(folder: URL): string {
  return Array.from(Deno.readDirSync(folder)).map(({ name, isDirectory }) => {
    if (isDirectory) return readSources(new URL(`${name}/`, folder));
    const isOurs = name.endsWith(".ts") && !/(_test|testing|_codes)\.ts$/.test(name);
    return isOurs ? Deno.readTextFileSync(new URL(name, folder)) : "";
  }).join("\n");
}
