/**
 * The command line.
 *
 * Question: how does an administrator use the program? Choice: one table of commands defines parsing, help and
 * completions. Output is tables for people, and with `--json` the same documents as over HTTP. Exit codes: 0 yes, 1
 * no, 2 invalid command line or input, 3 unknown, 4 host or device failure. Given up: talking to a running server.
 * Each command observes the host itself, and the state directory shares probe results between commands and the server.
 *
 * Snapshots of many hosts are read one file after another. Only a short entry of each is kept, so that memory does not
 * grow with the snapshots. Full answers are computed again from the files when they are printed. The entries are
 * sorted like offers, so nothing is printed before the last file is read. Given up: streaming in the order of the
 * files.
 *
 * @module
 */
export * from "./command.ts";
export * from "./run.ts";
export * from "./terminal.ts";
