import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { ASSETS } from "./assets.ts";
import { toHtml } from "./to_html.ts";

/** A whole HTML document. */
export function toDocument(title: string, body: Child): string {
  return "<!DOCTYPE html>\n" + toHtml(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <link rel="icon" href={ASSETS["icon.svg"]} type="image/svg+xml" />
        <link rel="stylesheet" href={ASSETS["style.css"]} />
        <script src={ASSETS["script.js"]}></script>
      </head>
      <body>{body}</body>
    </html>,
  );
}

const SECTIONS = [["ask", "Ask"], ["devices", "Devices"], ["parents", "Parents"], [
  "doctor",
  "Doctor",
], [
  "rules",
  "Rules",
]] as const;

const MARK =
  `<svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true"><rect class="mark" width="32" height="32" rx="7"/><path class="arrow" d="M8 12h11l-3.5-3.5M24 20H13l3.5 3.5"/></svg>`;

/** The bar at the top: the host, where to go, whether the page is live, and the theme. */
export function TopBar({ host }: { host: string }) {
  return (
    <>
      <a class="skip" href="#main">Skip to the content</a>
      <header class="top">
        <a class="brand" href="/" aria-label={`vfio-ask on ${host}`}>
          {raw(MARK)} <b>{host}</b>
        </a>
        <nav aria-label="Sections">
          {SECTIONS.map(([id, name]) => <a href={`#${id}`}>{name}</a>)}
        </nav>
        <p class="tools">
          <span id="live" role="status" class="state note scripted">not live</span>{" "}
          <button type="button" id="theme" class="scripted" aria-label="Theme: Auto">
            Auto
          </button>{" "}
          <button type="button" id="help-open" class="scripted" aria-label="Keyboard shortcuts">
            ?
          </button>
        </p>
      </header>
    </>
  );
}

const KEYS = [
  ["/", "Filter the devices"],
  ["a", "Ask: go to the form"],
  ["d", "Go to the devices"],
  ["p", "Go to the parents"],
  ["f", "Go to the doctor's findings"],
  ["r", "Go to the rules"],
  ["t", "Change the theme"],
  ["?", "Show this help"],
  ["Esc", "Close, or clear the filter"],
] as const;

/** The foot of the page, and the help for the keyboard, which is part of the page for readers without the script. */
export function Foot({ version }: { version: string }) {
  return (
    <>
      <footer>
        <p class="quiet">
          vfio-ask {version}. Programs read the same: <a href="/v1/devices">/v1/devices</a>,{" "}
          <a href="/v1/types">/v1/types</a>, <a href="/v1/rules">/v1/rules</a>,{" "}
          <a href="/v1/snapshot">/v1/snapshot</a>, <a href="/metrics">/metrics</a>
        </p>
      </footer>
      <dialog id="help" aria-labelledby="help-title">
        <h2 id="help-title">Keyboard shortcuts</h2>
        <dl class="keys">
          {KEYS.map(([key, words]) => (
            <div>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{words}</dd>
            </div>
          ))}
        </dl>
        <p>
          <label>
            <input type="checkbox" id="keys-on" checked /> Use shortcuts of a single key
          </label>
        </p>
        <form method="dialog">
          <button type="submit" class="button">Close</button>
        </form>
      </dialog>
      <dialog id="panel" aria-labelledby="device-title">
        <form method="dialog">
          <button type="submit" class="close" aria-label="Close">×</button>
        </form>
        <div id="panel-body"></div>
      </dialog>
    </>
  );
}
