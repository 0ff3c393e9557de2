import { shownName } from "../documents/mod.ts";
import { HttpProblem } from "./problem.ts";

/** Limits for bodies, so that no client can exhaust the process. */
export const BODY_LIMITS = {
  /** The largest body, far larger than an identity with initial data. */
  bodyBytes: 4 << 20,
  /** The total of all bodies that are being read or answered. */
  inFlightBytes: 16 << 20,
  /** How long a body may take to arrive. */
  readMs: 10_000,
  /** The maximum nesting of arrays and objects. */
  depth: 64,
  /** The maximum number of values in a body, including those in arrays and objects. */
  values: 50_000,
};
export type BodyLimits = typeof BODY_LIMITS;

/** A body that was read. */
export interface Body {
  json: unknown;
  bytes: number;
  /** Keeps its bytes in flight until a stream that answers it has ended. */
  hold: (ended: Promise<void>) => void;
}

/**
 * Reads a body and answers it. Its bytes count as in flight until the answer is complete. Throws an
 * {@link HttpProblem} that names the exceeded limit or the error in the body.
 */
export interface WithBody {
  /** Reads the body as JSON. */
  <T>(request: Request, answer: (body: Body) => Promise<T>): Promise<T>;
  /** Reads the body as a form of a browser. */
  form: <T>(request: Request, answer: (form: FormData) => Promise<T>) => Promise<T>;
}

/** Makes a reader for the bodies of all requests, which share its limits. */
export function makeBodyReader(limits: BodyLimits = BODY_LIMITS): WithBody {
  let inFlight = 0;
  const withChunks = async <T>(
    request: Request,
    answer: (chunks: Uint8Array[], body: Omit<Body, "json">) => Promise<T>,
  ): Promise<T> => {
    let taken = 0;
    let held: Promise<void> | null = null;
    const hold = (ended: Promise<void>): void => void (held = ended);
    const grow = (bytes: number): void => {
      if (taken + bytes > limits.bodyBytes) throw tooLarge(taken + bytes, limits);
      if (inFlight + bytes > limits.inFlightBytes) throw tooBusy(limits);
      inFlight += bytes;
      taken += bytes;
    };
    try {
      const chunks = await readChunks(request, grow, limits.readMs);
      return await answer(chunks, { bytes: taken, hold });
    } finally {
      const free = (): void => void (inFlight -= taken);
      if (held === null) free();
      else void (held as Promise<void>).then(free);
    }
  };
  const withJson = async <T>(
    request: Request,
    answer: (body: Body) => Promise<T>,
  ): Promise<T> => {
    checkMediaType(request, JSON_TYPE, "application/json");
    return await withChunks(request, async (chunks, body) => {
      const text = decode(chunks);
      checkShape(text, limits);
      return await answer({ ...body, json: parse(text) });
    });
  };
  const form: WithBody["form"] = async (request, answer) => {
    checkMediaType(request, FORM_TYPE, "multipart/form-data");
    return await withChunks(
      request,
      async (chunks) => await answer(await parseForm(request, chunks)),
    );
  };
  return Object.assign(withJson, { form });
}

const JSON_TYPE = /^(?:application\/(json|[\w.+-]+\+json)\b|$)/i;
const FORM_TYPE = /^multipart\/form-data\b/i;

/** Checks the media type. A pattern for JSON also matches a missing one. */
function checkMediaType(request: Request, pattern: RegExp, expected: string): void {
  const type = request.headers.get("content-type") ?? "";
  if (pattern.test(type)) return;
  throw new HttpProblem("media-type", `The body has the media type ${shownName(type || "none")}`, {
    value: type,
    remedy: `Send Content-Type: ${expected}.`,
  });
}

async function parseForm(request: Request, chunks: readonly Uint8Array[]): Promise<FormData> {
  const type = request.headers.get("content-type")!;
  try {
    const body = new Blob(chunks as Uint8Array<ArrayBuffer>[]);
    return await new Response(body, { headers: { "content-type": type } }).formData();
  } catch {
    throw new HttpProblem("bad-request", "The body is not a form", {
      remedy: "Send the form of the page, as a browser does.",
    });
  }
}

/** A body up to this declared size is read at once, which is cheaper than reading chunks. */
const SMALL_BYTES = 16 << 10;

/** Reads the chunks of a body. Calls `grow` with the size of each chunk; it throws if the body is too large. */
async function readChunks(
  request: Request,
  grow: (bytes: number) => void,
  readMs: number,
): Promise<Uint8Array[]> {
  const declared = request.headers.get("content-length");
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) =>
    timer = setTimeout(() => reject(tooSlow(readMs)), readMs)
  );
  late.catch(() => {});
  try {
    if (declared === null || Number(declared) > SMALL_BYTES) {
      return request.body === null ? [] : await readStream(request.body.getReader(), grow, late);
    }
    const bytes = await Promise.race([request.bytes().catch(clientGone), late]);
    grow(bytes.length);
    return [bytes];
  } finally {
    clearTimeout(timer);
  }
}

async function readStream(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  grow: (bytes: number) => void,
  late: Promise<never>,
): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read().catch(clientGone), late]);
      if (done) return chunks;
      grow(value.length);
      chunks.push(value);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function decode(chunks: readonly Uint8Array[]): string {
  try {
    if (chunks.length === 1) return UTF8.decode(chunks[0]);
    const decoder = new TextDecoder("utf-8", { fatal: true });
    return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") +
      decoder.decode();
  } catch {
    throw new HttpProblem("not-json", "The body is not UTF-8", { remedy: "Send JSON in UTF-8." });
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** Checks nesting and number of values before the body is parsed. */
function checkShape(text: string, { depth: mostDeep, values: mostValues }: BodyLimits): void {
  // Most bodies have too few characters and brackets to exceed the limits.
  if (text.length <= mostValues && countOf(text, "{") + countOf(text, "[") <= mostDeep) return;
  let depth = 0;
  let values = 1;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === COMMA) values++;
    else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
      values++;
      if (++depth > mostDeep) throw tooComplex(`is nested deeper than ${mostDeep} levels`);
    } else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) depth--;
    if (values > mostValues) throw tooComplex(`contains more than ${mostValues} values`);
  }
}

function countOf(text: string, character: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) count++;
  return count;
}

const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const detail = text === "" ? "The body is empty" : (cause as Error).message;
    throw new HttpProblem("not-json", detail, { remedy: "Send one JSON document." });
  }
}

export function tooLarge(bytes: number, { bodyBytes }: BodyLimits = BODY_LIMITS): HttpProblem {
  return new HttpProblem("too-large", `The body has ${bytes} bytes or more`, {
    value: bytes,
    remedy: `Send at most ${bodyBytes} bytes.`,
  });
}

function tooComplex(what: string): HttpProblem {
  return new HttpProblem("too-large", `The body ${what}`, {
    remedy: "Send an identity as vfio-ask identity prints it.",
  });
}

function tooBusy({ inFlightBytes }: BodyLimits): HttpProblem {
  return new HttpProblem("too-busy", `Requests with ${inFlightBytes} bytes are in progress`, {
    remedy: "Try again later.",
    headers: { "retry-after": "1" },
  });
}

function tooSlow(readMs: number): HttpProblem {
  return new HttpProblem("too-slow", `The body did not arrive within ${readMs / 1000} s`, {
    remedy: "Send the whole body at once.",
    headers: { connection: "close" },
  });
}

/** The client closed the connection: it does not read the answer, and the server is not at fault. */
function clientGone(): never {
  throw new HttpProblem("client-gone", "The client closed the connection before the body arrived");
}
