/**
 * Answers and lists, as HTTP and the command line give them.
 *
 * Question: what does this host say to a source? Choice: pure functions of a snapshot that give whole documents, so that
 * both faces give the same. Sources of like devices differ in no more than names: what is answered to one is kept for the
 * others, as long as the host looks the same.
 *
 * @module
 */
export * from "./answer.ts";
export * from "./documents.ts";
