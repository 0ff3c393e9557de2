/** A value as it is told back to who sent it: one whose JSON is longer than `most` characters as the start of that. */
export function shorten(value: unknown, most = 200): unknown {
  const text = JSON.stringify(value);
  return text !== undefined && text.length > most ? `${text.slice(0, most)}…` : value;
}

/** A value in a sentence: as JSON, escaped and cut. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return shownName(text);
}

/** A name that a caller gave, in a sentence: without quotes, escaped and cut. */
export function shownName(name: string): string {
  return escaped(name.length > MOST_SHOWN ? `${name.slice(0, MOST_SHOWN)}…` : name);
}

/** A text whose control characters cannot move the cursor of who reads it: `\u001b`. */
export function escaped(text: string): string {
  return text.replace(/\p{Cc}/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const MOST_SHOWN = 80;
