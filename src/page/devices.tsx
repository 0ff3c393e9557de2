import { raw } from "hono/html";
import { chooseRows } from "./choose_rows.ts";
import type { HostNow } from "./host_now.ts";
import { hash } from "./hash.ts";
import { rowOf } from "./device_row.tsx";
import { plural } from "./parts.tsx";
import {
  ANSWERS,
  SORT_COLUMNS,
  type SortColumn,
  sortLink,
  USES,
  type ViewQuery,
} from "./view_query.ts";

/** The table of devices, with its filter. Complete without the script: the filter is a form, a heading is a link. */
export function Devices({ now, query }: { now: HostNow; query: ViewQuery }) {
  const { snapshot: { devices } } = now;
  return (
    <section id="devices" aria-labelledby="devices-title">
      <div class="bar">
        <h2 id="devices-title">Devices</h2>
        <form action="/#devices" class="filter" role="search" aria-label="Filter of devices">
          <label class="field grow">
            <span class="hidden">Filter by text</span>
            <input
              type="search"
              name="q"
              value={query.q}
              placeholder="Filter by name, type, driver or holder"
              autocomplete="off"
              spellcheck={false}
            />
          </label>
          <Choice name="use" label="Use" choices={USES} chosen={query.use} />
          <Choice name="can" label="Can migrate" choices={ANSWERS} chosen={query.can} />
          <input type="hidden" name="sort" value={query.sort} />
          <input type="hidden" name="dir" value={query.descending ? "desc" : "asc"} />
          <button type="submit" class="unscripted">Filter</button>
        </form>
      </div>
      <p class="quiet count" role="status" id="device-count">{countWords(now, query)}</p>
      {devices.length === 0
        ? null
        : (
          <table role="table" class="devices" aria-labelledby="devices-title">
            <thead role="rowgroup">
              <tr role="row">
                {(Object.keys(SORT_COLUMNS) as SortColumn[]).map((column) => (
                  <Heading column={column} query={query} />
                ))}
                <th role="columnheader" scope="col">
                  <span class="hidden">Ask</span>
                </th>
              </tr>
            </thead>
            <DeviceRows now={now} query={query} />
          </table>
        )}
      <p class="empty" id="no-device" hidden={devices.length > 0 && shownCount(now, query) > 0}>
        {devices.length === 0
          ? (
            <>
              <b>No VFIO devices.</b> Bind a device to vfio-pci, or create an mdev.
            </>
          )
          : <b>No device matches the filter.</b>}
      </p>
    </section>
  );
}

/** The rows of all devices. Those that the filter excludes are hidden, so that the script can show them at once. */
export function DeviceRows({ now, query }: { now: HostNow; query: ViewQuery }) {
  const rows = chosenRows(now, query).map(({ row: { html }, shown }) =>
    shown ? html : html.replace("<tr ", "<tr hidden ")
  );
  const html = rows.join("\n");
  return (
    <tbody role="rowgroup" id="device-rows" data-live="rows" data-v={hash(html)}>
      {raw(html)}
    </tbody>
  );
}

function chosenRows({ snapshot, answers }: HostNow, query: ViewQuery) {
  const rows = snapshot.devices.map((device) => rowOf(device, answers.get(device.id) ?? "unknown"));
  return chooseRows(rows, query);
}

function shownCount(now: HostNow, query: ViewQuery): number {
  return chosenRows(now, query).filter(({ shown }) => shown).length;
}

function countWords(now: HostNow, query: ViewQuery): string {
  const all = now.snapshot.devices.length;
  const shown = shownCount(now, query);
  return shown === all ? plural(all, "device") : `${shown} of ${plural(all, "device")}`;
}

function Heading({ column, query }: { column: SortColumn; query: ViewQuery }) {
  const isSorted = query.sort === column;
  const sorted = isSorted ? { "aria-sort": query.descending ? "descending" : "ascending" } : {};
  return (
    <th role="columnheader" scope="col" data-column={column} {...sorted}>
      <a href={sortLink(query, column)}>{SORT_COLUMNS[column]}</a>
    </th>
  );
}

function Choice({ name, label, choices, chosen }: {
  name: string;
  label: string;
  choices: readonly string[];
  chosen: string;
}) {
  return (
    <label class="field">
      <span class="quiet">{label}</span>
      <select name={name}>
        {choices.map((choice) => (
          <option value={choice} selected={choice === chosen}>
            {choice.replace("in-use", "in use")}
          </option>
        ))}
      </select>
    </label>
  );
}
