/** Samples of this program (`ours`) and of the yardstick, taken in turns. */
export interface Figure {
  name: string;
  unit: "ms" | "µs" | "MiB" | "%";
  ours: readonly number[];
  yardstick: readonly number[];
  /** The highest allowed ratio of ours to the yardstick; null without a limit. */
  target: number | null;
  /** The highest allowed value of ours in its own unit, if there is such a limit. */
  most?: number;
}

/** Takes samples of both in turns. Each goes first in every other round. The first round is discarded. */
export async function sampleInTurns<T>(
  rounds: number,
  { ours, yardstick }: { ours: () => Promise<T>; yardstick: () => Promise<T> },
): Promise<{ ours: T[]; yardstick: T[] }> {
  const samples: { ours: T[]; yardstick: T[] } = { ours: [], yardstick: [] };
  for (let round = 0; round <= rounds; round++) {
    const turns = [["ours", ours], ["yardstick", yardstick]] as const;
    for (const [name, take] of round % 2 === 0 ? turns : turns.toReversed()) {
      const sample = await take();
      if (round > 0) samples[name].push(sample);
    }
  }
  return samples;
}

/** A quantile of the samples, interpolated between the two nearest. */
function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at % 1);
}

/** Figures as a table: each median with its quartiles, and the ratio of the medians. */
export function formatFigures(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, unit, ours, yardstick, target, most }) => {
    const ratio = quantile(ours, 0.5) / quantile(yardstick, 0.5);
    const written = Number.isFinite(ratio) ? ratio.toFixed(2) : "-";
    const met = (yes: boolean) => yes ? "met" : "missed";
    const judged = most !== undefined
      ? `${most} ${unit} ${met(quantile(ours, 0.5) <= most)}`
      : target === null
      ? "-"
      : `${target.toFixed(2)} ${met(ratio <= target)}`;
    return [name, amount(ours, unit), amount(yardstick, unit), written, judged];
  });
  const all = [["name", "ours", "yardstick", "ratio", "target"], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()
  ).join("\n");
}

function amount(samples: readonly number[], unit: string): string {
  const [median, low, high] = [0.5, 0.25, 0.75].map((share) =>
    quantile(samples, share).toFixed(unit === "%" ? 2 : 1)
  );
  return `${median} ${unit} (${low}–${high})`;
}
