/** What the query of the page chooses: filter and order of the devices, a device to show, a source to ask about. */
export interface ViewQuery {
  /** A text that a device's row must contain, in lower case. */
  q: string;
  use: (typeof USES)[number];
  can: (typeof ANSWERS)[number];
  sort: SortColumn;
  descending: boolean;
  /** The device whose details are shown. */
  device: string | null;
  /** The device that the form names as source. */
  source: string | null;
}

/** The choices of the filters. `trouble` is a device that must not be offered. */
export const USES = ["all", "idle", "in-use", "unknown", "trouble"] as const;
export const ANSWERS = ["all", "yes", "no", "unknown"] as const;

/** The columns that can be sorted, with their headings. */
export const SORT_COLUMNS = {
  device: "Device",
  type: "Type",
  driver: "Driver",
  use: "Use",
  migration: "Migration",
  dirty: "Dirty pages",
  numa: "NUMA",
} as const;
export type SortColumn = keyof typeof SORT_COLUMNS;

/** The longest text of a filter or name. */
const MOST = 512;

/** Reads the query of the page. Choices that do not exist are ignored: a person corrects them on the page. */
export function readViewQuery(params: URLSearchParams): ViewQuery {
  const text = (name: string) => params.get(name)?.trim().slice(0, MOST) ?? "";
  const choice = <T extends string>(name: string, choices: readonly T[], otherwise: T): T =>
    choices.find((one) => one === params.get(name)) ?? otherwise;
  return {
    q: text("q").toLowerCase(),
    use: choice("use", USES, "all"),
    can: choice("can", ANSWERS, "all"),
    sort: choice("sort", Object.keys(SORT_COLUMNS) as SortColumn[], "device"),
    descending: params.get("dir") === "desc",
    device: text("device") || null,
    source: text("source") || null,
  };
}

/** The link that sorts by a column, and keeps the filter. A second click reverses the order. */
export function sortLink(query: ViewQuery, column: SortColumn): string {
  const params = new URLSearchParams();
  if (query.q !== "") params.set("q", query.q);
  if (query.use !== "all") params.set("use", query.use);
  if (query.can !== "all") params.set("can", query.can);
  params.set("sort", column);
  if (query.sort === column && !query.descending) params.set("dir", "desc");
  return `/?${params}#devices`;
}
