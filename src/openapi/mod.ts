/**
 * The description of the HTTP API for programs: `/openapi.json`.
 *
 * Question: how does a client know what it may send and what comes back? Choice: an OpenAPI 3.1 document. Its schemas
 * are generated from the zod schemas that check documents, so that they cannot differ. The table of operations has what
 * schemas do not say. A route without a row fails a test, and so does a difference to `docs/openapi.json`. The server
 * makes the document at the first request for it. Given up: OpenAPI 3.0, and a description of each field.
 *
 * @module
 */
export * from "./documents.ts";
export * from "./make_document.ts";
export * from "./operations.ts";
