import type { Snapshot } from "../documents/mod.ts";
import type { RulesState } from "../config/mod.ts";
import type { Diagnoses } from "../judge/doctor/mod.ts";

/** What the page shows, and the API that its form asks. */
export interface PageWorld {
  version: string;
  newest: (named?: string) => Promise<Snapshot>;
  rules: () => RulesState;
  diagnose: (snapshot: Snapshot) => Promise<Diagnoses>;
  /** Sends a request to the API of this server, with the rights of the request for the page. */
  fetch: (request: Request) => Promise<Response>;
}

/** A response, without the headers that all responses have. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string | ReadableStream<Uint8Array>;
}
