import style from "./style.css" with { type: "text" };
import script from "./script.js" with { type: "text" };
import { hash } from "./hash.ts";
import type { Reply } from "./page_world.ts";

const ICON =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#3b56d9"/><path d="M8 12h11l-3.5-3.5M24 20H13l3.5 3.5" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/></svg>`;

/** The files of the page by name: text and media type. */
const FILES: ReadonlyMap<string, { text: string; type: string }> = new Map([
  ["style.css", { text: style, type: "text/css" }],
  ["script.js", { text: script, type: "text/javascript" }],
  ["icon.svg", { text: ICON, type: "image/svg+xml" }],
]);

const NAMES = ["style.css", "script.js", "icon.svg"] as const;

/** The paths of the files. Each has a hash of the text, so that a browser may keep it. */
export const ASSETS = Object.fromEntries(
  NAMES.map((name) => [name, `/page/${name}?v=${hash(FILES.get(name)!.text)}`]),
) as Record<(typeof NAMES)[number], string>;

/** The response with a file of the page; null if there is no such file. */
export function sendAsset(name: string): Reply | null {
  const file = FILES.get(name);
  if (file === undefined) return null;
  return {
    status: 200,
    body: file.text,
    headers: {
      "content-type": `${file.type}; charset=utf-8`,
      "cache-control": "max-age=31536000, immutable",
      "x-content-type-options": "nosniff",
    },
  };
}
