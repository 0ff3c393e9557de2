import { escaped } from "../documents/mod.ts";
import type { PageWorld } from "./page_world.ts";

/** What the form asks: the texts of its fields. */
export interface Question {
  /** The text of an identity, pasted or from a file. */
  identity: string;
  /** A device of this host, to use as the source. */
  device: string;
  /** Whether configurations that are free now come first. */
  freeFirst: boolean;
  /** Whether to list unknown offers. */
  unknown: boolean;
  /** Whether to list all offers, instead of the best. */
  all: boolean;
}

export const EMPTY_QUESTION: Question = {
  identity: "",
  device: "",
  freeFirst: false,
  unknown: true,
  all: false,
};

/** Reads the form. A file counts if nothing is pasted. */
export async function readQuestion(form: FormData): Promise<Question> {
  const text = (name: string) => {
    const value = form.get(name);
    return typeof value === "string" ? value.replaceAll("\r\n", "\n").trim() : "";
  };
  const file = form.get("file");
  const pasted = text("identity");
  return {
    identity: pasted !== "" || !(file instanceof File) ? pasted : (await file.text()).trim(),
    device: text("device"),
    freeFirst: form.has("free-first"),
    unknown: !form.has("no-unknown"),
    all: form.get("offers") === "all",
  };
}

/** Something that is wrong with a question, or an error of the API. */
export interface Refused {
  status: number;
  title: string;
  detail: string;
  remedy: string | null;
  pointer: string | null;
  value: string | null;
}

/** A part of an answer, as the API gives it. The page checks no more of it than its `schema`. */
export type AnswerPart =
  | { kind: "source"; id: string; type: string }
  | { kind: "document"; schema: string; document: Record<string, unknown> }
  | { kind: "refused"; refused: Refused };

/**
 * Asks the API of this server and gives the parts of its answer as they arrive. If the API streams NDJSON, each line is
 * a part; otherwise its one document is. Effect: none; drivers are not tested.
 */
export async function* askQuestion(
  world: PageWorld,
  from: Request,
  question: Question,
): AsyncGenerator<AnswerPart> {
  const named = question.identity === "" ? await identityOf(world, from, question.device) : null;
  if (named !== null && "refused" in named) {
    yield { kind: "refused", refused: named.refused };
    return;
  }
  const body = named?.text ?? question.identity;
  const source = sourceOf(body);
  const response = await world.fetch(apiRequest(from, `/v1/ask?${askParams(question)}`, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      accept: source === null ? "application/json" : "application/x-ndjson, application/json;q=0.5",
    },
  }));
  if (!response.ok) {
    yield { kind: "refused", refused: refusedOf(response.status, await response.json()) };
    return;
  }
  if (source !== null) yield { kind: "source", ...source };
  if (!response.headers.get("content-type")?.startsWith("application/x-ndjson")) {
    yield toPart(await response.json());
    return;
  }
  for await (const line of linesOf(response.body!)) yield toPart(JSON.parse(line));
}

/** The text of the identity of a device of this host. */
async function identityOf(
  world: PageWorld,
  from: Request,
  device: string,
): Promise<{ text: string } | { refused: Refused }> {
  if (device === "") {
    return {
      refused: {
        status: 422,
        title: "Cannot ask without a source",
        detail: "The form names no source.",
        remedy: "Paste an identity, choose a file, or name a device of this host.",
        pointer: null,
        value: null,
      },
    };
  }
  const path = `/v1/devices/${encodeURIComponent(device)}/identity`;
  const response = await world.fetch(apiRequest(from, path, {}));
  const text = await response.text();
  return response.ok ? { text } : { refused: refusedOf(response.status, JSON.parse(text)) };
}

/** A request to the API with the host and the rights of the request for the page. */
function apiRequest(
  from: Request,
  path: string,
  { headers = {}, ...init }: { method?: string; body?: string; headers?: Record<string, string> },
): Request {
  const authorization = from.headers.get("authorization");
  return new Request(new URL(path, from.url), {
    ...init,
    headers: { ...headers, ...(authorization === null ? {} : { authorization }) },
  });
}

function askParams({ freeFirst, unknown, all }: Question): URLSearchParams {
  return new URLSearchParams({
    ...(freeFirst ? { order: "available" } : {}),
    ...(unknown ? {} : { unknown: "0" }),
    ...(all ? { offers: "all" } : {}),
  });
}

/** The name and type of a single source; null for several, which are answered in one document. */
function sourceOf(body: string): { id: string; type: string } | null {
  try {
    const { id, type } = JSON.parse(body) as Record<string, unknown>;
    return typeof id === "string" && typeof type === "string" ? { id, type } : null;
  } catch {
    return null;
  }
}

function refusedOf(status: number, problem: Record<string, unknown>): Refused {
  const text = (value: unknown) => typeof value === "string" ? value : null;
  const { title, detail, remedy, pointer, value } = problem;
  return {
    status,
    title: text(title) ?? "Cannot answer",
    detail: text(detail) ?? "",
    remedy: text(remedy),
    pointer: text(pointer),
    value: value === undefined ? null : escaped(JSON.stringify(value)),
  };
}

function toPart(document: Record<string, unknown>): AnswerPart {
  return { kind: "document", schema: String(document.schema), document };
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    yield* lines.filter((line) => line !== "");
  }
  if (rest !== "") yield rest;
}
