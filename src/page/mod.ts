/**
 * The page of the server for administrators.
 *
 * Question: how does an administrator see a host, and ask, with a browser only? Choice: one page, rendered here with
 * hono's JSX, complete without JavaScript. A small script adds what needs no new page: filter and sort at once, answers
 * as they arrive, and parts that are exchanged when the host changes. The script renders nothing: it inserts the same
 * HTML that the page has, so there is one place that escapes what comes from the host. The form asks through the
 * server's own API, so an answer here is the answer that programs get, with the same limits and the same rights. The
 * page loads nothing from another host; its Content-Security-Policy permits only its own files. It is loaded with the
 * first request for it. Given up: a framework in the browser, a build step, and starting anything on the host.
 *
 * @module
 */
export * from "./handle.tsx";
export * from "./page_world.ts";
