import { HttpProblem } from "./problem.ts";

/** The largest body that is read, in bytes: an identity with its initial data fits many times. */
export const MAX_BODY_BYTES = 4 << 20;

/** Names under which a loopback server may be called: others come by DNS tricks of a web page. */
const LOCAL_NAMES = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * What every request must pass before any route: a local Host, no foreign Origin, a body of bearable size.
 * `unix` is that it came over a Unix socket, where the Host says nothing.
 */
export function checkDoor(request: Request, { unix }: { unix: boolean }): void {
  const host = request.headers.get("host") ?? new URL(request.url).host;
  if (!unix && !LOCAL_NAMES.test(host)) {
    throw new HttpProblem("forbidden-host", `The Host header names ${host}`, {
      value: host,
      remedy: "Call the server as 127.0.0.1 or localhost.",
    });
  }
  const origin = request.headers.get("origin");
  if (origin !== null && !isSameOrigin(origin, host)) {
    throw new HttpProblem("forbidden-origin", `The Origin header names ${origin}`, {
      value: origin,
      remedy: "Call the server from a program, not from a page of another site.",
    });
  }
  const length = Number(request.headers.get("content-length") ?? 0);
  if (length > MAX_BODY_BYTES) throw tooLarge(length);
}

/** Reads a body as JSON, at most {@link MAX_BODY_BYTES} of it. */
export async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get("content-type");
  if (type !== null && !/^application\/(json|[\w.+-]+\+json)\b/i.test(type)) {
    throw new HttpProblem("media-type", `The body is ${type}`, {
      value: type,
      remedy: "Send Content-Type: application/json.",
    });
  }
  const text = await readText(request);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const detail = text === "" ? "The body is empty" : (cause as Error).message;
    throw new HttpProblem("not-json", detail, { remedy: "Send one JSON document." });
  }
}

async function readText(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw tooLarge(length);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new HttpProblem("not-json", "The body is not UTF-8", { remedy: "Send JSON in UTF-8." });
  }
}

function tooLarge(length: number): HttpProblem {
  return new HttpProblem("too-large", `The body has ${length} bytes or more`, {
    value: length,
    remedy: `Send at most ${MAX_BODY_BYTES} bytes.`,
  });
}

function isSameOrigin(origin: string, host: string): boolean {
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}
