import { listDocument, type ListName } from "../answers/mod.ts";
import type { Snapshot } from "../documents/mod.ts";
import type { Context } from "./command.ts";
import { json } from "./look.ts";
import { formatTable } from "./table.ts";
import { snapshotWords } from "./words.ts";

/**
 * Prints a list of a snapshot, as JSON or as a table below the name of the host. `columns` has the heading of each
 * column and makes its cells; `none` is printed if there are no entries.
 */
export function printList<T>(
  { terminal, options }: Context,
  snapshot: Snapshot,
  { name, entries, none, columns }: {
    name: ListName;
    entries: readonly T[];
    none: string;
    columns: Readonly<Record<string, (entry: T) => string>>;
  },
): void {
  if (options.json) return terminal.out(json(listDocument(snapshot, name)));
  const cells = Object.values(columns);
  const rows = entries.map((entry) => cells.map((cell) => cell(entry)));
  const list = rows.length === 0 ? `${none}\n` : formatTable(Object.keys(columns), rows);
  terminal.out(`${snapshotWords(snapshot)}\n${list}`);
}
