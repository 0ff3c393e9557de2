/**
 * Plans for all sources of a virtual machine together on one host.
 *
 * Question: each source has its own offers, but can all of them land together, and if not, which sources block the
 * plan? Choice: an exact search over few offers. The best plans need only the best offers of each source on as many
 * places as there are sources (`keepNear`), and on each place no offer that enough others outdo (`dropOutdone`). The
 * rest becomes an assignment of numbers. A depth-first search solves it, bounded by the cheapest assignment of the open
 * sources. The sum of each source's best cost would be too weak a bound when 16 sources want the same devices. Integers
 * decide whether a parent has room: certain, impossible or unknown, and the plan says which. Given up: an exact answer
 * at any cost. A search ends after a fixed number of steps, the same on every machine. Then the best plan found is
 * reported as unknown (`PlanBudget`). This happens when many sources of different sizes barely fit on few parents. Also
 * given up: the needs of other virtual machines, because asking reserves nothing.
 *
 * @module
 */
export * from "./plan_together.ts";
export * from "./together.ts";
