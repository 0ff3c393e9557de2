import type { RulesState } from "../config/mod.ts";
import type { Snapshot } from "../documents/mod.ts";

/** The measured values. */
export interface Measured {
  version: string;
  snapshot: Snapshot;
  rules: RulesState | null;
  sessions: number;
}

/** One metric, and its samples by label. */
interface Metric {
  name: string;
  help: string;
  type: "gauge" | "counter";
  samples: [labels: Record<string, string>, value: number][];
}

/** Formats the metrics. Source: the Prometheus text format, version 0.0.4. Pure. */
export function formatMetrics(measured: Measured): string {
  return metricsOf(measured).filter(({ samples }) => samples.length > 0).map(format).join("");
}

function metricsOf({ version, snapshot, rules, sessions }: Measured): Metric[] {
  const { devices, types, problems } = snapshot;
  const files = rules?.files ?? [];
  const gauge = (name: string, help: string, samples: Metric["samples"]): Metric => ({
    name: `vfio_ask_${name}`,
    help,
    type: "gauge",
    samples,
  });
  return [
    gauge("info", "The running version.", [[{ version }, 1]]),
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
    gauge("sessions", "Open write and ask sessions.", [[{}, sessions]]),
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
      files.filter(({ state }) => state === "refused").map(({ path }) => [{ path }, 1]),
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
  const lines = samples.map(([labels, value]) => {
    const text = Object.entries(labels).map(([key, label]) => `${key}="${escape(label)}"`).join(
      ",",
    );
    return `${name}${text === "" ? "" : `{${text}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function escape(label: string): string {
  return label.replace(/[\\"\n]/g, (c) => c === "\n" ? "\\n" : `\\${c}`);
}
