import type { Answers } from "../answers/mod.ts";
import type { Identity, Reason } from "../documents/mod.ts";

/** Where the service listens: its Unix socket, or an address of loopback. */
export type ServiceAddress = { unix: string } | { base: string };

/** The answer of the service, or why there is none. */
export type ServiceAnswer =
  | { answers: Answers }
  /** The source cannot migrate to any host. */
  | { reasons: Reason[] }
  | { why: string };

/** The largest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 32 << 20;

const QUERY = "offers=all&refusals=each&plans=10";

/**
 * Asks the service of this host about all devices of a machine together. Never throws. Effect: one HTTP request, ended
 * after `timeoutMs`.
 */
export async function askService(
  address: ServiceAddress,
  sources: readonly Identity[],
  timeoutMs: number,
): Promise<ServiceAnswer> {
  const unix = "unix" in address ? address.unix : null;
  const where = "unix" in address ? address.unix : address.base;
  const base = "unix" in address ? "http://localhost" : address.base;
  const client = unix === null
    ? undefined
    : Deno.createHttpClient({ proxy: { transport: "unix", path: unix } });
  try {
    const response = await fetch(`${base}/v1/ask?${QUERY}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sources }),
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
      ...(client === undefined ? {} : { client }),
    });
    const document = JSON.parse(await readBounded(response)) as Record<string, unknown>;
    if (response.ok) return { answers: document as unknown as Answers };
    if (String(document["type"]).endsWith(":source-cannot-migrate")) {
      const reasons = document["reasons"];
      if (Array.isArray(reasons) && reasons.length > 0) return { reasons };
    }
    const detail = String(document["detail"] ?? "no detail").slice(0, 500);
    return { why: `the service at ${where} answered ${response.status}: ${detail}` };
  } catch (error) {
    const { name, message } = error as Error;
    if (name === "TimeoutError") return { why: `the service at ${where} gave no answer in time` };
    return { why: `the service at ${where} did not answer: ${message}` };
  } finally {
    client?.close();
  }
}

async function readBounded(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let [text, bytes] = ["", 0];
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new RangeError("the answer is too large");
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}
