import { shownName } from "../documents/mod.ts";
import { BODY_LIMITS, tooLarge } from "./bodies.ts";
import { HttpProblem } from "./problem.ts";

/** Host names of a loopback server. Other names are signs of DNS rebinding by a web page. */
const LOCAL_NAMES = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * Checks every request before routing: a local Host, no foreign Origin, and an acceptable body size. `unix` means that
 * the request came over a Unix socket, where the Host is not checked.
 */
export function checkDoor(request: Request, { unix }: { unix: boolean }): void {
  const host = request.headers.get("host") ?? new URL(request.url).host;
  if (!unix && !LOCAL_NAMES.test(host)) {
    throw new HttpProblem("forbidden-host", `The Host header names ${shownName(host)}`, {
      value: host,
      remedy: "Call the server as 127.0.0.1 or localhost.",
    });
  }
  const origin = request.headers.get("origin");
  if (origin !== null && !isSameOrigin(origin, host)) {
    throw new HttpProblem("forbidden-origin", `The Origin header names ${shownName(origin)}`, {
      value: origin,
      remedy: "Call the server from a program, not from a page of another site.",
    });
  }
  const length = Number(request.headers.get("content-length") ?? 0);
  if (length > BODY_LIMITS.bodyBytes) throw tooLarge(length);
}

function isSameOrigin(origin: string, host: string): boolean {
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}
