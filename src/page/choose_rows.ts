import { compareText } from "../documents/mod.ts";
import type { DeviceRow } from "./device_row.tsx";
import type { ViewQuery } from "./view_query.ts";

/** The rows in the order of the query, and which of them its filter shows. */
export function chooseRows(
  rows: readonly DeviceRow[],
  { q, use, can, sort, descending }: ViewQuery,
): { row: DeviceRow; shown: boolean }[] {
  const sign = descending ? -1 : 1;
  return rows
    .toSorted((a, b) => sign * compareKeys(a.keys[sort], b.keys[sort]) || compareText(a.id, b.id))
    .map((row) => ({
      row,
      shown: row.words.includes(q) && (use === "all" || row.use === use) &&
        (can === "all" || row.can === can),
    }));
}

/** Numbers by value, texts by code unit. script.js sorts in the same way. */
function compareKeys(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? compareText(a, b) : x - y;
}
