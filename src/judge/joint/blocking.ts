import { type Reason, vendorName } from "../../documents/mod.ts";
import { planBudget } from "./budget.ts";
import { describeConfiguration, vendorOf } from "./host.ts";
import { type Landing, listLandings } from "./landing.ts";
import { p2pOf, p2pOfPlacement, sourceLacksP2p, targetsLackP2p } from "./p2p.ts";
import type { Question } from "./question.ts";
import type { Blocked, PlanSource } from "./together.ts";

/** Why each source without a landing blocks the plan, and whether another plan may leave fewer or none. */
export function explainBlocking(
  question: Question,
  landings: readonly (Landing | null)[],
  { verdict, isComplete }: { verdict: "incompatible" | "unknown"; isComplete: boolean },
): Blocked[] {
  const { sources } = question;
  const hope = verdict === "unknown" ? "have room for all" : "leave fewer out";
  return sources.flatMap((source, i) => {
    if (landings[i] !== null) return [];
    const reasons = reasonsToBlock(question, source);
    if (!isComplete) reasons.push(planBudget(driverOf(source), sources.length, hope));
    return [{ source: source.source.id, reasons }];
  });
}

function reasonsToBlock(question: Question, from: PlanSource): Reason[] {
  const { host, sources, supply } = question;
  const { source, offers } = from;
  const reasons: Reason[] = [];
  const several = sources.length > 1;
  if (offers.length === 0) {
    reasons.push({
      code: "NoConfiguration",
      sentence: `${driverOf(from)}: no configuration of this host can take ${source.id}`,
      source: source.type,
      host: null,
    });
  }
  if (several && p2pOf(source.migration) === "lacks") reasons.push(sourceLacksP2p(source));
  if (reasons.length > 0) return reasons;

  const allowed = offers.filter((offer) =>
    !several || p2pOfPlacement(host, source, offer) !== "lacks"
  );
  if (allowed.length === 0) return [targetsLackP2p(host, source, offers[0]!.configuration)];
  const mine = landingsOf(question, { source, offers: allowed });
  if (mine.length > 0) return [competes(question, from, mine)];
  return allowed.map(({ configuration }) => {
    const { later } = supply.stockOf(configuration);
    return {
      code: "NotEnoughInstances",
      sentence:
        `${vendorOf(host, configuration)}: ${describeConfiguration(configuration)} cannot be ` +
        `created: ${later === 0 ? "no instance is" : `only ${later} are`} free or can be freed`,
      source: String(configuration.instances ?? 1),
      host: String(later),
    };
  });
}

/** The reason that other sources need the same: their names, and the number available. */
function competes(question: Question, from: PlanSource, mine: readonly Landing[]): Reason {
  const { host, sources } = question;
  const places = new Set(mine.map(({ draw }) => draw.place));
  const others = sources.filter((other) =>
    other !== from &&
    landingsOf(question, other).some(({ draw }) => places.has(draw.place))
  ).map(({ source }) => source.id);
  const room = new Map<string, number>();
  for (const { draw } of mine) {
    const place = draw.place;
    const here = draw.share === null ? 1 : Math.floor(draw.share.instances / draw.share.need);
    room.set(place, Math.max(room.get(place) ?? 0, here));
  }
  const there = [...room.values()].reduce((sum, here) => sum + here, 0);
  const names = [
    ...new Set(mine.map(({ offer }) => offer.configuration.type)),
  ];
  return {
    code: "NotEnoughInstances",
    sentence: `${vendorOf(host, mine[0]!.offer.configuration)}: this host has ${there} of ${
      names.join(" or ")
    } for ${from.source.id}, but ${others.join(", ") || "no other source"} need${
      others.length === 1 ? "s" : ""
    } the same`,
    source: String(others.length + 1),
    host: String(there),
  };
}

/** All landings that a source could have if it were the only one, including what must be freed first. */
function landingsOf({ host, supply, sources }: Question, source: PlanSource): Landing[] {
  const several = sources.length > 1;
  return listLandings(host, supply, source, { when: "later", certain: false, several });
}

function driverOf({ source }: PlanSource): string {
  return vendorName(source.driver, source.type);
}
