/** A value as it is told back to who sent it: one whose JSON is longer than `most` characters as the start of that. */
export function shorten(value: unknown, most = 200): unknown {
  const text = JSON.stringify(value);
  return text !== undefined && text.length > most ? `${text.slice(0, most)}…` : value;
}

/** A value in a sentence: as JSON, escaped and cut. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  const cut = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
  return cut.replace(/\p{Cc}/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const MOST_SHOWN = 80;
