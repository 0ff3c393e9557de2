/**
 * Manual pages in roff.
 *
 * Question: how do the manual pages stay true? Choice: the program prints them. vfio-ask(8) comes from the tables of
 * commands and options, as help does, and describes each option once. vfio-ask-rules(5) comes from the README of the
 * rules, of which `rules_text.json` is a copy that a test compares. Macros are those of man(7), which every reader
 * knows. Given up: mdoc(7), and tables of tbl(1), which need a preprocessor.
 *
 * @module
 */
export * from "./program_page.ts";
export * from "./rules_page.ts";
