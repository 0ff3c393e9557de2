import { shownName } from "../documents/mod.ts";
import { BODY_LIMITS, tooLarge } from "./bodies.ts";
import { HttpProblem } from "./problem.ts";

/** Host names of a loopback server. Other names are signs of DNS rebinding by a web page. */
const LOCAL_NAMES = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** Limits for a request before its body. */
export const DOOR_LIMITS = {
  /** The longest path with its query. Names of devices have at most 512 characters, and may be escaped. */
  targetBytes: 4096,
  /** The maximum number of header fields, and the size of their names and values together. */
  headers: 64,
  headerBytes: 16 << 10,
};

/**
 * Checks every request before routing: sizes, a local Host, and that no page of another origin sent it. `unix` means
 * that the request came over a Unix socket, where the Host is not checked. Throws an {@link HttpProblem}.
 */
export function checkDoor(request: Request, { unix }: { unix: boolean }): void {
  const { headers, url } = request;
  const authority = authorityOf(url);
  const target = url.length - authority.end;
  if (target > DOOR_LIMITS.targetBytes) throw targetTooLong(target);
  checkHeaders(headers);
  const host = headers.get("host") ?? authority.host;
  if (!unix) { for (const name of [host, authority.host]) checkHost(name); }
  checkSender(headers, { host, unix });
  const length = Number(headers.get("content-length") ?? 0);
  if (length > BODY_LIMITS.bodyBytes) throw tooLarge(length);
}

/** The host and port of an absolute URL, and where they end. Cheaper than parsing the URL. */
function authorityOf(url: string): { host: string; end: number } {
  const start = url.indexOf("//") + 2;
  const slash = url.indexOf("/", start);
  const end = slash === -1 ? url.length : slash;
  return { host: url.slice(start, end), end };
}

function checkHeaders(headers: Headers): void {
  let count = 0;
  let bytes = 0;
  headers.forEach((value, name) => {
    count++;
    bytes += name.length + value.length;
  });
  const { headers: most, headerBytes } = DOOR_LIMITS;
  if (count <= most && bytes <= headerBytes) return;
  throw new HttpProblem("headers-too-large", `The header has ${count} fields of ${bytes} bytes`, {
    remedy: `Send at most ${most} header fields of ${headerBytes} bytes together.`,
  });
}

function checkHost(host: string): void {
  if (LOCAL_NAMES.test(host)) return;
  throw new HttpProblem("forbidden-host", `The Host header names ${shownName(host)}`, {
    value: host,
    remedy: "Call the server as 127.0.0.1 or localhost.",
  });
}

/** Refuses requests that a browser sent for a page of another origin. Also ports of this host are other origins. */
function checkSender(headers: Headers, own: { host: string; unix: boolean }): void {
  const refuse = (name: string, value: string): never => {
    throw new HttpProblem("forbidden-origin", `The ${name} header names ${shownName(value)}`, {
      value,
      remedy: "Call the server from a program or its own page, not from a page of another site.",
    });
  };
  for (const name of ["Origin", "Referer"]) {
    const value = headers.get(name);
    if (value !== null && !isOwn(value, own)) refuse(name, value);
  }
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") refuse("Sec-Fetch-Site", site);
}

/** Whether a URL is of this server. A proxy before a Unix socket can speak TLS; the server itself does not. */
function isOwn(text: string, { host, unix }: { host: string; unix: boolean }): boolean {
  try {
    const url = new URL(text);
    const isHttp = url.protocol === "http:" || (unix && url.protocol === "https:");
    return isHttp && url.host === new URL(`${url.protocol}//${host}`).host;
  } catch {
    return false;
  }
}

function targetTooLong(bytes: number): HttpProblem {
  return new HttpProblem("target-too-long", `The path and its query have ${bytes} bytes`, {
    value: bytes,
    remedy: `Use at most ${DOOR_LIMITS.targetBytes} bytes.`,
  });
}
