import type { RulesState } from "../config/mod.ts";
import type { Snapshot } from "../documents/mod.ts";

/** What is measured. */
export interface Measured {
  version: string;
  snapshot: Snapshot;
  rules: RulesState | null;
  sessions: number;
}

/** One metric: what it is, and its samples by labels. */
interface Metric {
  name: string;
  help: string;
  type: "gauge" | "counter";
  samples: [labels: Record<string, string>, value: number][];
}

/**
 * The metrics as text. Source: the Prometheus text format, version 0.0.4. Pure.
 */
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
    gauge("info", "The version that answers.", [[{ version }, 1]]),
    gauge("snapshot_number", "The number of the newest snapshot.", [[{}, snapshot.snapshot]]),
    gauge("snapshot_timestamp_seconds", "When it was taken, in seconds since 1970.", [
      [{}, Date.parse(snapshot.takenAt) / 1000],
    ]),
    gauge(
      "devices",
      "VFIO devices by use and by the generation of their migration uAPI.",
      count(devices, ({ use, migration }) => ({ use: use.state, uapi: migration.uapi })),
    ),
    gauge("devices_in_trouble", "Devices that need a reset or that a driver is stuck in.", [
      [{}, devices.filter(({ trouble }) => trouble).length],
    ]),
    gauge("types", "Types of devices that can be made here.", [[{}, types.length]]),
    gauge(
      "problems",
      "Problems of the newest snapshot by code.",
      count(problems, ({ code }) => ({ code })),
    ),
    gauge("sessions", "Sessions of write and ask that are open.", [[{}, sessions]]),
    gauge("rules", "Rules in force.", [
      [{}, files.reduce((sum, { rules }) => sum + rules, 0)],
    ]),
    gauge(
      "rules_files",
      "Files of rules by state.",
      ["in-force", "masked", "masks", "refused"].map((state) => [
        { state },
        files.filter((file) => file.state === state).length,
      ]),
    ),
    gauge(
      "rules_file_refused",
      "Files of rules that are not used for their errors.",
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
