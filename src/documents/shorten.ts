/** A value for an error report: if its JSON is longer than `most` characters, only the start of the JSON. */
export function shorten(value: unknown, most = 200): unknown {
  const text = JSON.stringify(value);
  return text !== undefined && text.length > most ? `${text.slice(0, most)}…` : value;
}

/** A value for a sentence: JSON, escaped and shortened. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return shownName(text);
}

/** A caller's name for a sentence: without quotes, escaped and shortened. */
export function shownName(name: string): string {
  return escaped(name.length > MOST_SHOWN ? `${name.slice(0, MOST_SHOWN)}…` : name);
}

/**
 * Escapes control characters (`\u001b`), which could move the cursor of a terminal, and marks that change the direction
 * of text (`\u202e`) or end a line, which could make it look like another text.
 */
export function escaped(text: string): string {
  return text.replace(
    HIDDEN,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const HIDDEN = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;
const MOST_SHOWN = 80;
