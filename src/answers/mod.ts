/**
 * Answers and lists for HTTP and the command line.
 *
 * Question: what does this host answer to a source? Choice: pure functions of a snapshot that return complete
 * documents, so that HTTP and the command line give the same. Sources of equal devices differ only in names, so an
 * answer is cached for the others while the snapshot stays the same. Given up: caching answers with tests.
 *
 * @module
 */
export * from "./answer.ts";
export * from "./changes.ts";
export * from "./documents.ts";
export { sourcesOf } from "./machine.ts";
export * from "./words.ts";
