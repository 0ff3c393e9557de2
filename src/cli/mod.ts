/**
 * The command line.
 *
 * Question: how does an administrator ask? Choice: one table of commands, from which parsing, help and
 * completions all come; tables for people, `--json` for programs with the very documents that HTTP gives;
 * exit codes 0 yes, 1 no, 3 unknown, 2 a wrong command line or input, 4 a host that would not answer. Given
 * up: talking to a running server; the commands look for themselves, and share what devices said through
 * the state directory.
 *
 * @module
 */
export * from "./command.ts";
export * from "./run.ts";
export * from "./terminal.ts";
