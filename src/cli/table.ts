import { escaped } from "../documents/mod.ts";

/**
 * Formats rows in columns with a heading. Each column is as wide as its widest cell. Cells are escaped, so that text
 * from a driver or a file cannot move the cursor.
 */
export function formatTable(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const all = [heading, ...rows].map((row) => row.map(escaped));
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map((row) =>
    row.map((cell, column) => column === row.length - 1 ? cell : cell.padEnd(widths[column]!))
      .join("  ").trimEnd() + "\n"
  ).join("");
}

/** The columns of a table of entries, in their order: the heading of each, and what fills it. */
export type Columns<T> = Readonly<Record<string, (entry: T) => string>>;

/** Formats a table with a row for each entry. */
export function formatColumns<T>(entries: readonly T[], columns: Columns<T>): string {
  const cells = Object.values(columns);
  return formatTable(
    Object.keys(columns),
    entries.map((entry) => cells.map((cell) => cell(entry))),
  );
}

/** Cuts a text to a width, with an ellipsis. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
