import type { RulesState } from "../config/mod.ts";
import { type Outcome, type Snapshot, VERDICTS } from "../documents/mod.ts";
import { calibrate, sumCalibrated } from "../ledger/mod.ts";
import { countTypes } from "./count_types.ts";
import type { Histogram, Measures, Timed } from "./measures.ts";
import { type ProcessUse, readProcessUse } from "./process_metrics.ts";

/** The measured values. */
export interface Measured {
  version: string;
  snapshot: Snapshot;
  rules: RulesState | null;
  /** The outcomes of migrations in the ledger. */
  outcomes: readonly Outcome[];
  sessions: number;
  measures: Measures;
}

/** One metric, and its samples by label. */
interface Metric {
  name: string;
  help: string;
  type: "gauge" | "counter" | "histogram";
  /** `suffix` is for the samples of a histogram: `_bucket`, `_sum`, `_count`. */
  samples: [labels: Record<string, string>, value: number, suffix?: string][];
}

const TIMES: Readonly<Record<Timed, string>> = {
  ask: "Time from a request's arrival to its answer, without preflights.",
  scan: "Time of a look at the host.",
  probe: "Time until a device was probed, or its deadline passed.",
  preflight: "Time until a source was tested on a target, or the deadline passed.",
};

/** A file that is refused has a series. So many, so that a broken package does not make thousands. */
const MOST_REFUSED_FILES = 20;

/** Formats the metrics. Source: the Prometheus text format, version 0.0.4. Pure. */
export function formatMetrics(measured: Measured): string {
  const metrics = [
    ...metricsOfHost(measured),
    metricOfPredictions(measured),
    ...metricsOfRequests(measured),
    ...metricsOfProcess(readProcessUse()),
  ];
  return metrics.filter(({ samples }) => samples.length > 0).map(format).join("");
}

function gauge(name: string, help: string, samples: Metric["samples"]): Metric {
  return { name: `vfio_ask_${name}`, help, type: "gauge", samples };
}

/**
 * Predictions held against outcomes. The values are counted from the ledger, so they last longer than the server. When
 * the ledger is full and its oldest entries are removed, they start again lower, as after a restart.
 */
function metricOfPredictions({ outcomes }: Measured): Metric {
  const rows = calibrate(outcomes);
  return {
    name: "vfio_ask_predictions_total",
    help: "Predictions in the ledger by verdict and by what became of the migration.",
    type: "counter",
    // Each has its zero from the start, so that the first one is an increase.
    samples: VERDICTS.flatMap((verdict) => {
      const { ok, failedByDevice, failedOtherwise } = sumCalibrated(
        rows.filter((row) => row.verdict === verdict),
      );
      return [
        [{ verdict, outcome: "ok" }, ok],
        [{ verdict, outcome: "failed-device" }, failedByDevice],
        [{ verdict, outcome: "failed-other" }, failedOtherwise],
      ] as Metric["samples"];
    }),
  };
}

function metricsOfRequests({ sessions, measures }: Measured): Metric[] {
  const { requests, refusals, streams, times } = measures;
  const requested = [...requests].flatMap(([route, classes]) =>
    [...classes].map(([kind, value]): Metric["samples"][0] => [
      { route, code: `${kind}xx` },
      value,
    ])
  );
  const counter = (name: string, help: string, samples: Metric["samples"]): Metric => ({
    name: `vfio_ask_${name}_total`,
    help,
    type: "counter",
    samples,
  });
  return [
    counter("http_requests", "Requests by route and class of the status.", requested),
    counter(
      "http_refusals",
      "Refused requests by the type of the problem.",
      [...refusals].map(([problem, value]) => [{ problem }, value]),
    ),
    gauge("http_streams", "Streams that are being sent.", [[{}, streams]]),
    gauge("sessions", "Open write and ask sessions.", [[{}, sessions]]),
    ...Object.entries(times).map(([name, times]) => ({
      name: `vfio_ask_${name}_duration_seconds`,
      help: TIMES[name as Timed],
      type: "histogram" as const,
      samples: samplesOf(times),
    })),
  ];
}

/** The samples of a histogram. Buckets are cumulative. */
function samplesOf({ bounds, counts, sum }: Histogram): Metric["samples"] {
  let total = 0;
  const buckets: Metric["samples"] = counts.map((count, at) => [
    { le: String(bounds[at] ?? "+Inf") },
    total += count,
    "_bucket",
  ]);
  return [...buckets, [{}, sum, "_sum"], [{}, total, "_count"]];
}

/** The metrics of a process that every client library of Prometheus has, under their usual names. */
function metricsOfProcess(use: ProcessUse | null): Metric[] {
  if (use === null) return [];
  const metric = (
    type: "gauge" | "counter",
    name: string,
    help: string,
    value: number,
  ): Metric => ({ name: `process_${name}`, help, type, samples: [[{}, value]] });
  return [
    metric("counter", "cpu_seconds_total", "Processor time of the server.", use.cpuSeconds),
    metric("gauge", "resident_memory_bytes", "Resident memory of the server.", use.residentBytes),
    metric("gauge", "virtual_memory_bytes", "Virtual memory of the server.", use.virtualBytes),
    metric("gauge", "open_fds", "Open file descriptors of the server.", use.openFds),
    metric("gauge", "max_fds", "The limit of open file descriptors.", use.maxFds),
    metric(
      "gauge",
      "start_time_seconds",
      "When the server started, in seconds since 1970.",
      use.startSeconds,
    ),
  ];
}

function metricsOfHost({ version, snapshot, rules }: HostMeasured): Metric[] {
  const { devices, types, problems } = snapshot;
  const files = rules?.files ?? [];
  return [
    gauge("build_info", "The running version.", [[{ version }, 1]]),
    gauge("snapshot_number", "The number of the latest snapshot.", [[{}, snapshot.snapshot]]),
    gauge(
      "snapshot_timestamp_seconds",
      "When the latest snapshot was taken, in seconds since 1970.",
      [
        [{}, Date.parse(snapshot.takenAt) / 1000],
      ],
    ),
    gauge(
      "devices",
      "VFIO devices by use and by version of the migration uAPI.",
      count(devices, ({ use, migration }) => ({ use: use.state, uapi: migration.uapi })),
    ),
    gauge("devices_in_trouble", "Devices that need a reset or whose driver hangs.", [
      [{}, devices.filter(({ trouble }) => trouble).length],
    ]),
    gauge("types", "Device types that can be created on this host.", [[{}, types.length]]),
    gauge(
      "problems",
      "Problems in the latest snapshot by code.",
      count(problems, ({ code }) => ({ code })),
    ),
    gauge("rules", "Active rules.", [
      [{}, files.reduce((sum, { rules }) => sum + rules, 0)],
    ]),
    gauge(
      "rules_files",
      "Rule files by state.",
      ["in-force", "masked", "masks", "refused"].map((state) => [
        { state },
        files.filter((file) => file.state === state).length,
      ]),
    ),
    gauge(
      "rules_file_refused",
      "Rule files that are ignored because of errors.",
      files.filter(({ state }) => state === "refused").slice(0, MOST_REFUSED_FILES)
        .map(({ path }) => [{ path }, 1]),
    ),
  ];
}

function count<T>(
  items: readonly T[],
  labelsOf: (item: T) => Record<string, string>,
): Metric["samples"] {
  const counts = new Map<string, number>();
  for (const item of items) {
    const key = JSON.stringify(labelsOf(item));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].sort().map(([key, value]) => [JSON.parse(key), value]);
}

function format({ name, help, type, samples }: Metric): string {
  const lines = samples.map(([labels, value, suffix = ""]) => {
    const text = Object.entries(labels).map(([key, label]) => `${key}="${escape(label)}"`).join(
      ",",
    );
    return `${name}${suffix}${text === "" ? "" : `{${text}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function escape(label: string): string {
  return label.replace(/[\\"\n]/g, (c) => c === "\n" ? "\\n" : `\\${c}`);
}

/** The values about a host that need no server. */
type HostMeasured = Pick<Measured, "version" | "snapshot" | "rules">;

/**
 * Formats the metrics of a host without a server, for the textfile collector of node_exporter, and how many devices of
 * each type can migrate. Metrics of this process are left out: node_exporter has its own. Without `rules`, those of
 * rule files are left out too. Source: as {@link formatMetrics}. Pure.
 */
export function formatHostMetrics(measured: HostMeasured): string {
  const { snapshot, rules } = measured;
  const counts = countTypes(snapshot).filter(({ uapi }) => uapi !== "none");
  const fields = [
    ["total", "type_devices", "that exist or can be created"],
    ["free", "type_devices_free", "that are free or can be created"],
  ] as const;
  const ofTypes = fields
    .map(([field, name, words]) =>
      gauge(
        name,
        `Devices ${words}, by parent, type and version of the migration uAPI.`,
        counts.map((count) => [
          { parent: count.provider, type: count.type, uapi: count.uapi },
          count[field],
        ]),
      )
    );
  const metrics = metricsOfHost(measured).filter(({ name }) =>
    rules !== null || !name.startsWith("vfio_ask_rules")
  );
  return [...metrics, ...ofTypes].filter(({ samples }) => samples.length > 0).map(format).join("");
}
