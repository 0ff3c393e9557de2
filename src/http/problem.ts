import { escaped, Failure, type FailureCode, PROBLEM_SCHEMA, shorten } from "../documents/mod.ts";

/** An error answer, RFC 9457, with where it is (`pointer`, RFC 6901), what to do, and the request it was. */
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

/** Every problem that this server answers with: its status and its title. */
const PROBLEMS = {
  "not-json": [400, "Cannot read the body as JSON"],
  "bad-request": [400, "Cannot serve the request"],
  "forbidden-host": [403, "Cannot serve this host name"],
  "forbidden-origin": [403, "Cannot serve this origin"],
  "not-permitted": [403, "Cannot do what the operator does not allow"],
  "not-found": [404, "Cannot find it"],
  "session-unknown": [404, "Cannot find the session"],
  "device-unknown": [404, "Cannot find the device"],
  "method-not-allowed": [405, "Cannot do that here"],
  "too-slow": [408, "Cannot wait for the body"],
  "in-use": [409, "Cannot disturb a device in use"],
  "source-missing": [409, "Cannot ask before a source is written"],
  "too-large": [413, "Cannot take a body of this size"],
  "media-type": [415, "Cannot read this media type"],
  "identity-invalid": [422, "Cannot read the identity"],
  "schema-unsupported": [422, "Cannot read this schema"],
  "source-cannot-migrate": [422, "Cannot migrate the source"],
  "client-gone": [499, "Cannot read the rest of the body"],
  "internal": [500, "Cannot answer"],
  "too-busy": [503, "Cannot take more bodies now"],
  "sessions-full": [503, "Cannot open another session"],
} as const satisfies Record<string, readonly [number, string]>;
export type ProblemName = keyof typeof PROBLEMS;

/**
 * Thrown by routes; the application turns it into its document, with control characters in `detail` escaped and a `value`
 * that is long shortened.
 */
export class HttpProblem extends Error {
  readonly document: ProblemDocument;

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
    const [status, title] = PROBLEMS[problem];
    const type = `urn:vfio-ask:problem:${problem}`;
    this.document = {
      schema: PROBLEM_SCHEMA,
      type,
      title,
      status,
      detail: this.message,
      remedy,
      ...extensions,
      ...(value === undefined ? {} : { value: shorten(value) }),
    };
    this.headers = headers;
  }

  readonly headers: Record<string, string>;
}

const BY_FAILURE: Readonly<Partial<Record<FailureCode, ProblemName>>> = {
  "bad-input": "bad-request",
  "not-found": "device-unknown",
  "not-permitted": "not-permitted",
  "in-use": "in-use",
};

/** The problem that an error amounts to; what was not foreseen is `internal`. */
export function asHttpProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof Failure) {
    const { code, message, remedy } = error;
    return new HttpProblem(BY_FAILURE[code] ?? "internal", message, { remedy });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new HttpProblem("internal", message, { remedy: "Report this with the request's id." });
}

/** How long a client has to take an answer before its connection is closed. */
const HANG_UP_MS = 500;

/**
 * The answer that carries a problem. With `connection: close` the connection is closed after it, whatever the client
 * still has to send: the server beneath would keep it until the request's body has come.
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
 * A body that fails after it was sent. The server then closes the connection, for which it has no other way. Not so Deno
 * 2.8.3 and later, while a read of the request's body waits: see bodies_test.ts.
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
