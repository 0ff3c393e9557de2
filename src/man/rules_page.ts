import rulesText from "./rules_text.json" with { type: "json" };
import { formatMarkdown } from "./markdown.ts";
import { bold, entry, escapeText, pageHeading, section } from "./roff.ts";
import type { Meaning } from "./program_page.ts";

/** The page vfio-ask-rules(5) in roff, from the README of the rules. Pure. */
export function formatRulesPage(
  { version, files }: { version: string; files: readonly Meaning[] },
): string {
  const name = "vfio\\-ask\\-rules \\- compatibility rules and declared facts of vfio\\-ask";
  const list = files.map(([path, meaning]) => entry(bold(path), escapeText(meaning))).join("");
  return [
    pageHeading("vfio-ask-rules", 5, version),
    section("NAME", `${name}\n`),
    section("DESCRIPTION", formatMarkdown(rulesText.lines.join("\n")).replace(/^\.PP\n/, "")),
    section("FILES", list),
    section("SEE ALSO", "\\fBvfio\\-ask\\fR(8)\n"),
  ].join("");
}
