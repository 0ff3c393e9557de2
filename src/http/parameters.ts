import { shownName } from "../documents/mod.ts";
import { HttpProblem } from "./problem.ts";

/** The options of an answer. */
const ANSWER = ["preflight", "unknown", "order", "refusals", "offers"];

/** The query parameters of each route that has some. */
export const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  "POST /v1/ask": [...ANSWER, "plans"],
  "PUT /v1/sessions/:id/source": ANSWER,
  "GET /v1/sessions/:id/offers": ["offers", "refusals"],
  "GET /v1/sessions/:id/refusals": ["offers", "refusals"],
};

/** The query parameters of the page for people, which can have some. */
export const PAGE_PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  "GET /": ["q", "use", "can", "sort", "dir", "device", "source", "part"],
  "POST /": ["q", "use", "can", "sort", "dir", "device", "source", "part"],
  "GET /page/:file": ["v"],
};

/** The maximum length of a name in a path, and of a value in a query: that of a name in a document. */
export const MOST_CHARACTERS = 512;

/**
 * Checks the names in a path and the query of a request: known parameters, each once, and bounded. Throws an
 * {@link HttpProblem} that names the parameter.
 */
export function checkParameters(
  url: string,
  names: Readonly<Record<string, string>>,
  known: readonly string[],
): void {
  for (const [name, value] of Object.entries(names)) checkLength(name, value);
  const query = url.indexOf("?");
  if (query === -1) return;
  const seen = new Set<string>();
  for (const [name, value] of new URLSearchParams(url.slice(query))) {
    if (!known.includes(name)) throw unknownParameter(name, known);
    if (seen.has(name)) {
      throw wrong(name, value, "is given twice", `Use ?${name}= once.`);
    }
    seen.add(name);
    checkLength(name, value);
  }
}

function checkLength(name: string, value: string): void {
  if (value.length <= MOST_CHARACTERS) return;
  const is = `has ${value.length} characters`;
  throw wrong(name, value, is, `Use at most ${MOST_CHARACTERS} characters.`);
}

function unknownParameter(parameter: string, known: readonly string[]): HttpProblem {
  const remedy = known.length === 0
    ? "This path has no query parameters."
    : `Use ${known.map((name) => `?${name}=`).join(", ")}.`;
  const detail = `${shownName(parameter)}: unknown query parameter`;
  return new HttpProblem("bad-request", detail, { parameter: shownName(parameter), remedy });
}

function wrong(parameter: string, value: string, is: string, remedy: string): HttpProblem {
  return new HttpProblem("bad-request", `${parameter}: ${shownName(value)} ${is}`, {
    parameter,
    value,
    remedy,
  });
}
