import { raw } from "hono/html";
import { driverWords, trackingWords } from "../answers/mod.ts";
import type { Device } from "../documents/mod.ts";
import type { CanMigrate } from "../judge/doctor/mod.ts";
import { hash } from "./hash.ts";
import { State, type Tone } from "./parts.tsx";
import { toHtml } from "./to_html.ts";
import { SORT_COLUMNS, type SortColumn } from "./view_query.ts";

/** A row of the table of devices: what is shown, searched and sorted, and its HTML. */
export interface DeviceRow {
  id: string;
  use: string;
  can: CanMigrate;
  /** All texts in lower case, to search. */
  words: string;
  /** The text that each column is sorted by. */
  keys: Record<SortColumn, string>;
  html: string;
}

export const CAN_WORDS: Readonly<Record<CanMigrate, { tone: Tone; words: string }>> = {
  yes: { tone: "ok", words: "can migrate" },
  no: { tone: "no", words: "cannot migrate" },
  unknown: { tone: "unknown", words: "unknown" },
};

/** A cell: the first line, which sorts, and the second. */
interface Cell {
  main: string;
  more: string;
  tone?: Tone;
}

/** Rows of earlier snapshots. A device that has not changed is the same object in the next snapshot. */
const KNOWN = new WeakMap<Device, DeviceRow>();

/** The row of a device. `can` is the doctor's answer. */
export function rowOf(device: Device, can: CanMigrate): DeviceRow {
  const known = KNOWN.get(device);
  if (known?.can === can) return known;
  const row = makeRow(device, can);
  KNOWN.set(device, row);
  return row;
}

function makeRow(device: Device, can: CanMigrate): DeviceRow {
  const { id } = device;
  const cells = cellsOf(device, can);
  const columns = Object.keys(SORT_COLUMNS) as SortColumn[];
  const keys = Object.fromEntries(
    columns.map((column) => [column, cells[column].main]),
  ) as DeviceRow["keys"];
  const words = columns.map((column) => `${cells[column].main} ${cells[column].more}`).join(" ");
  const use = device.trouble ? "trouble" : device.use.state;
  const inner = toHtml(<Cells id={id} cells={cells} />);
  const version = hash(inner);
  const html = toHtml(
    <tr role="row" data-k={id} data-v={version} data-u={use} data-c={can}>{raw(inner)}</tr>,
  );
  return { id, use, can, words: words.toLowerCase(), keys, html };
}

function cellsOf(device: Device, can: CanMigrate): Record<SortColumn, Cell> {
  const { id, type, description, parent, numaNode, migration, trouble, use } = device;
  const { tone, words } = CAN_WORDS[can];
  return {
    device: { main: id, more: description },
    type: { main: type, more: parent === null ? "" : `on ${parent}` },
    driver: { main: driverWords(device), more: "" },
    use: trouble
      ? { main: trouble.code, more: trouble.sentence, tone: "warn" }
      : { main: use.state.replace("in-use", "in use"), more: holderWords(use), tone: useTone(use) },
    migration: { main: words, more: capabilityWords(migration), tone },
    dirty: { main: trackingWords(migration), more: "" },
    numa: { main: numaNode === null || numaNode < 0 ? "–" : String(numaNode), more: "" },
  };
}

function Cells({ id, cells }: { id: string; cells: Record<SortColumn, Cell> }) {
  const { device, ...rest } = cells;
  return (
    <>
      <th role="rowheader" scope="row">
        <a class="mono" href={`/?device=${encodeURIComponent(id)}#device`}>{device.main}</a>{" "}
        <small>{device.more}</small>
      </th>
      {Object.entries(rest).map(([name, { main, more, tone }]) => (
        <td role="cell" class={name}>
          {tone === undefined
            ? <span {...hint(main)}>{main}</span>
            : <State tone={tone}>{main}</State>}
          {more === "" ? "" : (
            <>
              {" "}
              <small>{more}</small>
            </>
          )}
        </td>
      ))}
      <td role="cell" class="go">
        <a href={`/?source=${encodeURIComponent(id)}#ask`} aria-label={`Ask with ${id}`}>Ask</a>
      </td>
    </>
  );
}

/** The whole text, for a pointer, where a cell may cut it. */
function hint(text: string): { title?: string } {
  return text.length > SHORT ? { title: text } : {};
}

const SHORT = 14;

export function useTone({ state }: Device["use"]): Tone {
  return ({ idle: "idle", "in-use": "used", unknown: "unknown" } as const)[state];
}

export function holderWords({ holder }: Device["use"]): string {
  return holder === null ? "" : `${holder.name} [${holder.pid}]`;
}

/** What a device offers for a migration: `v2 stop-copy p2p, inferred`. */
export function capabilityWords({ uapi, features, observed, checks }: Device["migration"]): string {
  if (uapi === "unknown") return "not probed";
  const errno = uapi === "none" ? checks?.[0]?.errno : null;
  const what = uapi === "none" ? `no uAPI${errno == null ? "" : ` (${errno})`}` : uapi;
  return [[what, ...features].join(" "), ...(observed === "inferred" ? ["inferred"] : [])]
    .join(", ");
}
