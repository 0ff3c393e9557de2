import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { hash } from "./hash.ts";
import { toHtml } from "./to_html.ts";

/** A part of the page that the script exchanges if its content has changed. */
export function Live({ id, children }: { id: string; children: Child }) {
  const html = toHtml(<>{children}</>);
  return <div id={id} data-live="part" data-v={hash(html)}>{raw(html)}</div>;
}
