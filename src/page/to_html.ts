/** Characters that a reader cannot see or that change the order of others. Line feeds and tabs are not among them. */
const HIDDEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Co}\u2028\u2029]/gu;

/**
 * The text of rendered elements. JSX has escaped the markup in texts of the host; this shows control characters and
 * marks of direction as `\u202e`, wherever they are. All HTML of the page goes through here.
 */
export function toHtml(element: unknown): string {
  return String(element).replace(HIDDEN, shownCharacter);
}

function shownCharacter(character: string): string {
  const hex = character.codePointAt(0)!.toString(16);
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
}
