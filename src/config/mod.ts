/**
 * Configuration by vendors and operators on this host: rules, facts about devices, and the settings of the service.
 *
 * Question: what is in force now? Choice: directories of JSON files in order of precedence. A file is read again when
 * it has changed. Invalid files are ignored and reported; the others stay in force. Given up: keeping the last valid
 * version of a file, because rules would be in force that are in no file.
 *
 * Question: where does an operator set the options of the service? Choice: one JSON file and drop-ins, whose fields are
 * the options of `serve`. Packages and operators can each have their own file, and the last value of a field counts. An
 * unknown field is an error, because a typing error could permit what the operator wanted to forbid. Given up: comments
 * in JSON, except fields that begin with `x-`.
 *
 * @module
 */
export * from "./load_facts.ts";
export * from "./load_rules.ts";
export * from "./settings.ts";
export * from "./read_token.ts";
