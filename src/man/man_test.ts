import { assertEquals, assertStringIncludes } from "@std/assert";
import { COPY, rulesText } from "../../scripts/man.ts";
import { formatMarkdown } from "./markdown.ts";
import { formatProgramPage } from "./program_page.ts";
import { escapeText, formatHelp } from "./roff.ts";
import { formatRulesPage } from "./rules_page.ts";

const render = async (roff: string): Promise<string> => {
  const child = new Deno.Command("man", {
    args: ["-E", "UTF-8", "-l", "-"],
    env: { MANWIDTH: "200", LC_ALL: "C.UTF-8" },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(roff));
  await writer.close();
  return new TextDecoder().decode((await child.output()).stdout);
};

const hasMan = await new Deno.Command("man", { args: ["--version"], stdout: "null" }).output()
  .then(({ success }) => success, () => false);

Deno.test("rules_text.json is the README of the rules, as `deno task man` writes it", () => {
  assertEquals(Deno.readTextFileSync(COPY), rulesText());
});

Deno.test("escapeText() leaves no character that roff interprets", () => {
  assertEquals(escapeText(".SH\n'x\n\\fB a-b …é"), "\\&.SH\n\\&'x\n\\efB a\\-b ...\\[uE9]");
});

Deno.test("formatHelp() keeps indented lines as they are", () => {
  assertEquals(
    formatHelp("Some text\nin two lines.\n\n  a  b\n    c"),
    ".PP\nSome text\nin two lines.\n.PP\n.RS 2\n.EX\na  b\n  c\n.EE\n.RE\n",
  );
});

Deno.test("formatMarkdown() formats lists, tables, code and marks", () => {
  const text = [
    "# Title",
    "",
    "Text with `code`, **bold** and a [link](x.md).",
    "",
    "- one",
    "  more",
    "- `.two`",
    "",
    "## Part",
    "",
    "| a   | b      | c |",
    "| --- | ------ | - |",
    "| x   | 1 \\| 2 | 3 |",
    "",
    "```json",
    ".x",
    "```",
  ].join("\n");
  assertEquals(formatMarkdown(text).split("\n"), [
    ".PP",
    "Text with \\fBcode\\fR, \\fBbold\\fR and a link.",
    ".IP \\(bu 2",
    "one more",
    ".IP \\(bu 2",
    "\\fB\\&.two\\fR",
    '.SH "PART"',
    ".TP",
    "x",
    "b: 1 | 2; c: 3",
    ".PP",
    ".RS 2",
    ".EX",
    "\\&.x",
    ".EE",
    ".RE",
    "",
  ]);
});

Deno.test({
  name: "formatRulesPage() keeps every line of code and every name of the README",
  ignore: !hasMan, // needs man
  async fn() {
    const page = await render(formatRulesPage({ version: "1.2.3", files: [] }));
    const { lines } = JSON.parse(rulesText()) as { lines: string[] };
    const code = lines.join("\n").split("```").filter((_, index) => index % 2 === 1)
      .flatMap((block) => block.split("\n").slice(1)).filter((line) => line.trim() !== "");
    assertEquals(code.filter((line) => !page.includes(line.trim())), []);
    const names = lines.flatMap((line) => /^\| `([^`]+)`/.exec(line)?.[1] ?? []);
    assertEquals(names.length > 20, true);
    assertEquals(names.filter((name) => !page.includes(name.replaceAll("\\|", "|"))), []);
  },
});

Deno.test({
  name: "formatProgramPage() describes an option once, with its meanings in different commands",
  ignore: !hasMan, // needs man
  async fn() {
    const json = { name: "json", help: "Print JSON" };
    const wait = { name: "wait", value: "SECONDS", help: "Wait for this long (10)" };
    const mode = { name: "mode", value: "MODE", help: "How", implied: "a", choices: ["a", "b"] };
    const make = (name: string, options: readonly typeof wait[]) => ({
      name,
      options,
      summary: "Does it",
      about: "Does it.",
      args: "FILE",
    });
    const other = { ...wait, help: "Wait for that" };
    const page = await render(formatProgramPage({
      version: "1.2.3",
      commands: [
        make("one", [json as typeof wait, wait, mode]),
        make("two", [json as typeof wait, other]),
      ],
      exitCodes: [["0", "yes."]],
      files: [["/etc/x", "A file."]],
      environment: [],
      signals: [],
      examples: [],
    }));
    const plain = page.replaceAll(/\s+/g, " ");
    for (
      const text of [
        "vfio-ask one [option...] FILE",
        "--json Print JSON. Commands: one, two.",
        "--wait SECONDS Wait for this long. Default: 10. Commands: one.",
        "--wait SECONDS Wait for that. Commands: two.",
        "--mode[=MODE] How. Values: a, b. Commands: one.",
        "/etc/x A file.",
      ]
    ) assertStringIncludes(plain, text);
  },
});
