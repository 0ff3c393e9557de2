/**
 * What vendors and operators have written on this host: rules, and facts of devices.
 *
 * Question: what is in force now? Choice: directories of JSON files by standing, read again where a file changed. A file
 * with an error is left out and reported; the others hold. Given up: keeping the last good version of a file, which would
 * be in force without being anywhere.
 *
 * @module
 */
export * from "./load_facts.ts";
export * from "./load_rules.ts";
