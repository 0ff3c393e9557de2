/** A text for roff: no character of it is a command or an escape. */
export function escapeText(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("…", "...")
    .replaceAll(/[^\x20-\x7e\n]/gu, (c) => `\\[u${c.codePointAt(0)!.toString(16).toUpperCase()}]`)
    .replaceAll(/^(?=[.'])/gm, "\\&");
}

/** A text in bold. */
export function bold(text: string): string {
  return `\\fB${escapeText(text)}\\fR`;
}

/** A text in italics, for what the reader replaces. */
export function italic(text: string): string {
  return `\\fI${escapeText(text)}\\fR`;
}

/** The heading of a page. It has no date, so that two builds of a version are the same. */
export function pageHeading(name: string, section: number, version: string): string {
  const title = escapeText(name.toUpperCase());
  const manual = section === 5 ? "File Formats" : "System Administration";
  return `.TH ${title} ${section} "" "vfio\\-ask ${escapeText(version)}" "${manual}"\n`;
}

/** A section or a subsection with its text, which ends with a line break. */
export function section(title: string, text: string, macro: "SH" | "SS" = "SH"): string {
  return `.${macro} "${escapeText(title).replaceAll('"', "'")}"\n${text}`;
}

/** An entry of a list: a term and its description, both in roff. */
export function entry(term: string, description: string): string {
  return `.TP\n${term}\n${description}\n`;
}

/** Lines that are shown as they are. */
export function literal(lines: readonly string[]): string {
  const shown = lines.map((line) => escapeText(line) + "\n").join("");
  return `.PP\n.RS 2\n.EX\n${shown}.EE\n.RE\n`;
}

/** Help of a command in roff: paragraphs, and indented lines, which are shown as they are. */
export function formatHelp(text: string): string {
  const blocks = text.split(/\n\n+/);
  return blocks.map((block) => {
    const lines = block.split("\n");
    if (!lines.some((line) => line.startsWith("  "))) return `.PP\n${escapeText(block)}\n`;
    return literal(lines.map((line) => line.replace(/^ {2}/, "")));
  }).join("");
}
