/**
 * Configuration by vendors and operators on this host: rules, and facts about devices.
 *
 * Question: what is in force now? Choice: directories of JSON files in order of precedence. A file is read again when
 * it has changed. Invalid files are ignored and reported; the others stay in force. Given up: keeping the last valid
 * version of a file, because rules would be in force that are in no file.
 *
 * @module
 */
export * from "./load_facts.ts";
export * from "./load_rules.ts";
export * from "./read_token.ts";
