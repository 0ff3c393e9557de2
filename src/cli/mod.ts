/**
 * The command line.
 *
 * Question: how does an administrator ask? Choice: one table of commands, from which parsing, help and
 * completions all come; tables for people, `--json` for programs with the very documents that HTTP gives;
 * exit codes 0 yes, 1 no, 3 unknown, 2 a wrong command line or input, 4 a host that would not answer. Given
 * up: talking to a running server; the commands look for themselves, and share what devices said through
 * the state directory.
 *
 * Many hosts are asked by their snapshots, one file after another: of each no more is kept than its entry in a list, so that
 * memory does not grow with them, and whole answers are worked out once more from the files when they are told. The list
 * is sorted as offers are, so nothing is told before the last file is read; given up: a stream in the order of the files.
 *
 * @module
 */
export * from "./command.ts";
export * from "./run.ts";
export * from "./terminal.ts";
