import type { Answer } from "../documents/mod.ts";

/** The parts that several answers can share as the same object. */
const SHARED: ReadonlySet<string> = new Set(["host", "offers", "refusals", "problems"]);

/** The JSON text of each shared part. */
const TEXTS = new WeakMap<object, string>();

/** An answer as JSON text. The text of a shared part is reused. */
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
