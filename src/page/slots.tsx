/** What a slot holds: an instance in use, an idle one, one whose use is unknown, or room for one. */
export type Slot = "used" | "idle" | "unknown" | "free";

/** The most slots that are drawn. The numbers in words are complete. */
const MOST = 96;
const PER_LINE = 32;
const SIZE = 12;
const STEP = 16;

/** A room of slots. One path for each kind of slot, so that a thousand slots are a few elements. */
export function Slots({ slots, label }: { slots: readonly Slot[]; label: string }) {
  const drawn = slots.slice(0, MOST);
  const width = Math.min(drawn.length, PER_LINE) * STEP;
  const height = Math.ceil(drawn.length / PER_LINE) * STEP;
  const kinds = [...new Set(drawn)];
  if (drawn.length === 0) return null;
  return (
    <svg
      class="slots"
      role="img"
      aria-label={label}
      width={String(width)}
      height={String(height)}
      viewBox={`0 0 ${width} ${height}`}
    >
      {kinds.map((kind) => (
        <path
          class={kind}
          d={drawn.map((slot, at) => slot === kind ? shapeOf(kind, at) : "").join("")}
        />
      ))}
    </svg>
  );
}

/** A filled square in use, a hollow one idle, a diamond of unknown use, and a small ring for room. */
function shapeOf(kind: Slot, at: number): string {
  const x = (at % PER_LINE) * STEP + 2;
  const y = Math.floor(at / PER_LINE) * STEP + 2;
  const half = SIZE / 2;
  if (kind === "unknown") {
    return `M${x + half} ${y}l${half} ${half}l-${half} ${half}l-${half} -${half}z`;
  }
  if (kind === "free") {
    return `M${x + 2} ${y + half}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0`;
  }
  return `M${x + 2} ${y}h8a2 2 0 0 1 2 2v8a2 2 0 0 1 -2 2h-8a2 2 0 0 1 -2 -2v-8a2 2 0 0 1 2 -2z`;
}
