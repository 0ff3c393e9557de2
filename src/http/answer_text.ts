import type { Answer } from "../documents/mod.ts";

/** The parts of an answer that later answers have in common, each the same object then. */
const SHARED: ReadonlySet<string> = new Set(["host", "offers", "refusals", "problems"]);

/** What was written of them. */
const TEXTS = new WeakMap<object, string>();

/** An answer as JSON. A part that an earlier answer had is not written again. */
export function answerText(answer: Answer): string {
  const fields = Object.entries(answer).map(([name, value]) =>
    `${JSON.stringify(name)}:${
      SHARED.has(name) ? partText(value as object) : JSON.stringify(value)
    }`
  );
  return `{${fields.join(",")}}`;
}

function partText(part: object): string {
  const text = TEXTS.get(part) ?? JSON.stringify(part);
  TEXTS.set(part, text);
  return text;
}
