import type { Context } from "hono";
import { type AnswerOptions, MAX_PLANS, MOST_OFFERS } from "../answers/mod.ts";
import { OFFER_ORDERS } from "../judge/ask/mod.ts";
import { REFUSALS_MODES, type RefusalsMode, shownName } from "../documents/mod.ts";
import { HttpProblem } from "./problem.ts";

/** Reads the options of an answer from the query. Throws a problem that names an invalid parameter. */
export function answerWanted(c: Context): AnswerOptions {
  return {
    omitUnknown: !isWanted(c, "unknown", true),
    order: choiceOf(c, "order", OFFER_ORDERS) ?? "evidence",
    refusals: refusalsWanted(c) ?? "grouped",
    offers: offersWanted(c) ?? MOST_OFFERS,
  };
}

/** Whether the client accepts one document per line. */
export function wantsLines(c: Context): boolean {
  return c.req.header("accept")?.includes("application/x-ndjson") ?? false;
}

/** How to list refusals: `?refusals=each`; null if not given. */
export function refusalsWanted(c: Context): RefusalsMode | null {
  return choiceOf(c, "refusals", REFUSALS_MODES);
}

/** How many offers to list: `?offers=5`, `?offers=all`; null if not given. */
export function offersWanted(c: Context): number | null {
  const given = c.req.query("offers");
  if (given === undefined) return null;
  if (given === "all") return Infinity;
  if (/^[1-9]\d{0,5}$/.test(given)) return Number(given);
  const remedy = "For example, use ?offers=20 or ?offers=all.";
  throw wrongQuery("offers", given, "is not a positive number or all", remedy);
}

/** How many plans to list: `?plans=3`. */
export function plansWanted(c: Context): number {
  const given = c.req.query("plans") ?? "1";
  if (/^\d+$/.test(given) && Number(given) >= 1 && Number(given) <= MAX_PLANS) return Number(given);
  const remedy = "For example, use ?plans=3.";
  throw wrongQuery("plans", given, `is not a number from 1 to ${MAX_PLANS}`, remedy);
}

/** A switch in the query: `?preflight=1`, `?unknown=0`. */
export function isWanted(c: Context, name: string, otherwise: boolean): boolean {
  const given = c.req.query(name);
  if (given === undefined) return otherwise;
  if (["0", "1", "false", "true"].includes(given)) return given === "1" || given === "true";
  throw wrongQuery(name, given, "is not 0 or 1", `Use ?${name}=1 or ?${name}=0.`);
}

/** One of several words in the query; null if the parameter is missing. */
function choiceOf<T extends string>(c: Context, name: string, choices: readonly T[]): T | null {
  const given = c.req.query(name);
  if (given === undefined) return null;
  const choice = choices.find((word) => word === given);
  if (choice !== undefined) return choice;
  const remedy = `Use one of ?${name}=${choices.join(`, ?${name}=`)}.`;
  throw wrongQuery(name, given, `is not one of ${choices.join(", ")}`, remedy);
}

function wrongQuery(parameter: string, value: string, is: string, remedy: string): HttpProblem {
  const detail = `${parameter}: ${shownName(value)} ${is}`;
  return new HttpProblem("bad-request", detail, { parameter, value, remedy });
}
