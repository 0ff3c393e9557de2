/**
 * A whole virtual machine at once: all its sources against one host, in one plan.
 *
 * Question: each source has offers of its own, but can all of them land together, and if not, which of them stand
 * in the way? Choice: exact search over few offers. A plan among the best needs of each source only its best offers
 * on as many places as there are sources (`keepNear`), and on each place only such as no others outdo
 * (`dropOutdone`). Names are taken off what is left, and a depth-first search goes through it, bounded by the cheapest
 * assignment of the sources that are still open: what each of them likes best by itself bounds too little where
 * 16 want the same devices. What a parent has room for is judged by integers: certain,
 * impossible, or not known, which is told as such. Given up: an answer that is exact however long it takes. A search
 * ends after so many steps, the same on every machine; then the best plan found is told, as unknown (`PlanBudget`).
 * That happens where many sources of many sizes hardly fit on few parents. Given up too: other virtual
 * machines' wishes, since asking reserves nothing.
 *
 * @module
 */
export * from "./plan_together.ts";
export * from "./together.ts";
