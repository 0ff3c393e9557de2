import type { Child } from "hono/jsx";

/** A word for a state. Its shape and its color repeat the state, so that nobody needs to see either. */
export function State({ tone, children }: { tone: Tone; children?: Child }) {
  return <span class={`state ${tone}`}>{children}</span>;
}

/** The tones of states: each has a shape and a color in style.css. */
export type Tone = "ok" | "no" | "unknown" | "warn" | "idle" | "used" | "note";

/** A text that people paste elsewhere, with a button that the script shows. */
export function Copyable({ text, of }: { text: string; of: string }) {
  return (
    <span class="copyable">
      <code>{text}</code>
      <button type="button" class="copy scripted" aria-label={`Copy ${of}`}>Copy</button>
    </span>
  );
}

/** A count with its noun: `1 device`, `3 devices`. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
