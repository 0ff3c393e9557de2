import { listDocument, type ListName } from "../answers/mod.ts";
import type { Snapshot } from "../documents/mod.ts";
import type { Context } from "./command.ts";
import { json } from "./look.ts";
import { type Columns, formatColumns } from "./table.ts";
import { snapshotWords } from "./words.ts";

/** Prints a list of a snapshot, as JSON or as a table below the name of the host; `none` if it has no entries. */
export function printList<T>(
  { terminal, options }: Context,
  snapshot: Snapshot,
  { name, entries, none, columns }: {
    name: ListName;
    entries: readonly T[];
    none: string;
    columns: Columns<T>;
  },
): void {
  if (options.json) return terminal.out(json(listDocument(snapshot, name)));
  const list = entries.length === 0 ? `${none}\n` : formatColumns(entries, columns);
  terminal.out(`${snapshotWords(snapshot)}\n${list}`);
}
