import { escaped, Failure, type FailureCode, PROBLEM_SCHEMA, shorten } from "../documents/mod.ts";

/** An error response (RFC 9457), with the invalid place (`pointer`, RFC 6901), a remedy and the request ID. */
export interface ProblemDocument {
  schema: typeof PROBLEM_SCHEMA;
  type: string;
  title: string;
  status: number;
  detail: string;
  pointer?: string;
  value?: unknown;
  remedy: string | null;
  requestId?: string;
  [extension: string]: unknown;
}

/** All problems of this server: status and title. */
export const PROBLEMS = {
  "not-json": [400, "Cannot read the body as JSON"],
  "bad-request": [400, "Cannot serve the request"],
  "not-authorised": [403, "Cannot do this for this caller"],
  "forbidden-host": [403, "Cannot serve this host name"],
  "forbidden-origin": [403, "Cannot serve this origin"],
  "not-permitted": [403, "Cannot do this without the operator's permission"],
  "not-found": [404, "Cannot find this path"],
  "session-unknown": [404, "Cannot find the session"],
  "plan-unknown": [404, "Cannot find the plan"],
  "device-unknown": [404, "Cannot find the device"],
  "vm-unknown": [404, "Cannot find the virtual machine"],
  "method-not-allowed": [405, "Cannot use this method here"],
  "too-slow": [408, "Cannot wait longer for the body"],
  "in-use": [409, "Cannot open a device in use"],
  "source-missing": [409, "Cannot ask before a source is written"],
  "too-large": [413, "Cannot accept a body of this size"],
  "target-too-long": [414, "Cannot accept a path of this size"],
  "media-type": [415, "Cannot read this media type"],
  "identity-invalid": [422, "Cannot read the identity"],
  "outcome-invalid": [422, "Cannot read the outcome"],
  "schema-unsupported": [422, "Cannot read this schema"],
  "not-expressible": [422, "Cannot express the plan like this"],
  "source-cannot-migrate": [422, "Cannot migrate the source"],
  "headers-too-large": [431, "Cannot accept headers of this size"],
  "client-gone": [499, "Cannot read the rest of the body"],
  "internal": [500, "Cannot answer the request"],
  "too-busy": [503, "Cannot accept more bodies now"],
  "not-ready": [503, "Cannot answer yet, or not any more"],
  "sessions-full": [503, "Cannot open another session"],
  "worker-unavailable": [503, "Cannot reach the worker service"],
  "streams-full": [503, "Cannot open another stream"],
  "stopping": [503, "Cannot answer while the server stops"],
} as const satisfies Record<string, readonly [number, string]>;
export type ProblemName = keyof typeof PROBLEMS;

/**
 * Thrown by routes. The application sends its document. Control characters in `detail` are escaped, and a long `value`
 * is shortened.
 */
export class HttpProblem extends Error {
  readonly document: ProblemDocument;
  readonly headers: Record<string, string>;

  constructor(
    readonly problem: ProblemName,
    detail: string,
    { remedy = null, headers = {}, value, ...extensions }: {
      remedy?: string | null;
      headers?: Record<string, string>;
      value?: unknown;
      [extension: string]: unknown;
    } = {},
  ) {
    super(escaped(detail));
    this.name = "HttpProblem";
    this.headers = headers;
    const [status, title] = PROBLEMS[problem];
    this.document = {
      schema: PROBLEM_SCHEMA,
      type: `urn:vfio-ask:problem:${problem}`,
      title,
      status,
      detail: this.message,
      remedy,
      ...extensions,
      ...(value === undefined ? {} : { value: shorten(value) }),
    };
  }
}

const BY_FAILURE: Readonly<Partial<Record<FailureCode, ProblemName>>> = {
  "bad-input": "bad-request",
  "not-found": "device-unknown",
  "not-permitted": "not-permitted",
  "in-use": "in-use",
  "unavailable": "worker-unavailable",
};

/** Converts an error to a problem. An unexpected error is `internal`. */
export function asHttpProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof Failure) {
    const { code, message, remedy } = error;
    const headers = code === "unavailable" ? { "retry-after": "5" } : {};
    return new HttpProblem(BY_FAILURE[code] ?? "internal", message, { remedy, headers });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new HttpProblem("internal", message, { remedy: "Report this error with the request ID." });
}

/** How long a client can read an answer before its connection is closed. */
const HANG_UP_MS = 500;

/**
 * The response for a problem. With `connection: close`, the connection is closed after it, even if the client is still
 * sending. Otherwise, Deno would keep the connection open until the request body is complete.
 */
export function toResponse({ document, headers }: HttpProblem, requestId: string): Response {
  const text = JSON.stringify({ ...document, requestId }, null, 2) + "\n";
  return new Response(headers.connection === "close" ? lastWords(text) : text, {
    status: document.status,
    headers: {
      ...headers,
      "cache-control": "no-store",
      "content-type": "application/problem+json",
      "x-request-id": requestId,
    },
  });
}

/**
 * A body that fails after it was sent: the only way to make Deno close the connection. Deno 2.8.3 and later do not
 * close it while a read of the request body waits: see bodies_test.ts.
 */
function lastWords(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, HANG_UP_MS));
      controller.error(new Error("The connection is closed"));
    },
  });
}
