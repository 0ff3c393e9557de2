/**
 * A whole virtual machine at once: all its sources against one host, in one plan.
 *
 * Question: each source has offers of its own, but can all of them land together, and if not, which of them stand
 * in the way? Choice: exact search. Names are taken off first (a problem of rows, edges and capacities),
 * then assignments by minimum cost flow bound a best-first search that splits only where types of
 * different size overdraw a parent that they share. What a parent has room for is judged by integers: certain,
 * impossible, or not known, which is told as such. Given up: a heuristic, which would be shorter, but whose "no" nobody could believe,
 * and other virtual machines' wishes: asking reserves nothing.
 *
 * @module
 */
export * from "./plan_together.ts";
export * from "./together.ts";
