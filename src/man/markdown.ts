import { bold, entry, escapeText, literal, section } from "./roff.ts";

/**
 * Markdown as roff: headings, paragraphs, lists, blocks of code, tables and simple marks in a line. The heading of the
 * first level is left out. A row of a table becomes an entry of a list. Pure.
 */
export function formatMarkdown(text: string): string {
  const lines = text.split("\n");
  let roff = "";
  for (let at = 0; at < lines.length;) {
    const line = lines[at]!;
    const take = (isPart: (line: string) => boolean): string[] => {
      const start = at;
      while (at < lines.length && isPart(lines[at]!)) at++;
      return lines.slice(start, at);
    };
    if (line.startsWith("```")) {
      at++;
      roff += literal(take((line) => !line.startsWith("```")));
      at++;
    } else if (line.startsWith("|")) {
      roff += formatTable(take((line) => line.startsWith("|")));
    } else if (line.startsWith("- ")) {
      const items = take((line) => line.trim() !== "").join("\n").split(/^- /m).slice(1);
      roff += items.map((item) => `.IP \\(bu 2\n${formatInline(unwrap(item))}\n`).join("");
    } else if (line.startsWith("#")) {
      at++;
      if (line.startsWith("## ")) roff += section(line.slice(3).toUpperCase(), "");
    } else if (line.trim() === "") {
      at++;
    } else {
      const isText = (line: string) => line.trim() !== "" && !/^(```|[|#]|- )/.test(line);
      roff += `.PP\n${formatInline(unwrap(take(isText).join("\n")))}\n`;
    }
  }
  // A paragraph begins after a heading without a mark of its own.
  return roff.replaceAll(/^(\.SH .*\n)\.PP\n/gm, "$1");
}

/** One line of text; roff breaks it. */
function unwrap(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, " ");
}

/** Rows as entries: the first cell and the second. Further cells follow with their headings. */
function formatTable(rows: readonly string[]): string {
  const cellsOf = (row: string) =>
    row.replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) =>
      cell.trim().replaceAll("\\|", "|")
    );
  const [heading, , ...body] = rows.map(cellsOf);
  return body.map(([term, ...cells]) => {
    const text = cells.length === 1
      ? cells[0]!
      : cells.map((cell, index) => `${heading![index + 1]}: ${cell}`).join("; ");
    return entry(formatInline(term!), formatInline(text));
  }).join("");
}

/** Marks in a line: code and bold text in bold, links as their text. */
function formatInline(text: string): string {
  const plain = text.replaceAll(/\[([^\]]+)\]\([^)]*\)/g, "$1");
  const parts = plain.split(/(`[^`]+`|\*\*[^*]+\*\*)/);
  return parts.map((part) => {
    if (part.startsWith("`")) return bold(part.slice(1, -1));
    if (part.startsWith("**")) return bold(part.slice(2, -2));
    return escapeText(part);
  }).join("").replace(/^(?=[.'])/, "\\&");
}
