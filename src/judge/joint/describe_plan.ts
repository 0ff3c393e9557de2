import { compareText, type Configuration, type Reason } from "../../documents/mod.ts";
import { planBudget } from "./budget.ts";
import { describeConfiguration, type PlanHost, vendorOf } from "./host.ts";
import type { Landing } from "./landing.ts";
import { p2pNotKnown } from "./p2p.ts";
import type { Question } from "./question.ts";
import { fitTogether } from "./share.ts";
import type { Plan } from "./together.ts";

/** Describes a plan. `landings` has one landing for each source of the question. */
export function describePlan(
  { host, sources, supply }: Question,
  landings: readonly Landing[],
  { rank, when, isCut }: { rank: number; when: "now" | "later"; isCut: boolean },
): Plan {
  const used = countUsed(landings);
  const notKnown = [
    ...landings.flatMap((landing, i) =>
      landing.isP2pUnknown
        ? [p2pNotKnown(host, sources[i]!.source, landing.offer.configuration)]
        : []
    ),
    ...unknownParents(host, used),
    ...(landings.length > 1 ? oneDeviceOnly(landings) : []),
    ...(isCut
      ? [planBudget(vendorOf(host, landings[0]!.offer.configuration), landings.length, "be better")]
      : []),
  ];
  const isUnknown = notKnown.length > 0 || landings.some((landing) => landing.isUnknown);
  return {
    rank,
    verdict: isUnknown ? "unknown" : "compatible",
    now: when === "now",
    placements: landings.map(({ offer, isUnknown }, i) => ({
      source: sources[i]!.source.id,
      configuration: offer.configuration,
      offer: offer.rank,
      verdict: isUnknown ? "unknown" : "compatible",
      evidence: offer.evidence,
      create: offer.create,
    })),
    needs: landings.flatMap(({ offer }, i) =>
      offer.needs.map((need) => ({ ...need, source: sources[i]!.source.id }))
    ),
    reasons: [
      ...notKnown,
      ...(when === "now" ? [] : toFree({ host, supply }, landings, used)),
    ],
    warnings: [],
  };
}

/** The warnings of offers that fail a machine with several devices: QEMU migrates only one device. */
function oneDeviceOnly(landings: readonly Landing[]): Reason[] {
  const found = landings.flatMap(({ offer }) =>
    offer.warnings.filter(({ code }) => code === "QemuMigratesOneDevice")
  );
  return [...new Map(found.map((reason) => [reason.sentence, reason])).values()];
}

/** The instances of a type on a parent that a plan takes. */
interface Used {
  configuration: Configuration;
  instances: number;
  of: number;
  oneKind: boolean;
  root: string;
  isDoubtful: boolean;
}

/** The instances that landings take, by shared parent. */
function countUsed(landings: readonly Landing[]): Map<string, Used[]> {
  const used = new Map<string, Used>();
  for (const { draw } of landings) {
    if (draw.share === null) continue;
    const root = draw.place;
    const { kind: type, need, instances: of, oneKind } = draw.share;
    const key = `${root} ${type} ${of}`;
    const old = used.get(key) ?? {
      configuration: { kind: "mdev-type" as const, type, parent: draw.parent! },
      instances: 0,
      of,
      oneKind,
      root,
      isDoubtful: draw.isDoubtful,
    };
    used.set(key, { ...old, instances: old.instances + need });
  }
  const sorted = [...used].toSorted(([a], [b]) => compareText(a, b)).map(([, one]) => one);
  return Map.groupBy(sorted, ({ root }) => root);
}

/** Reasons for parents that may not have room for everything that a plan puts there. */
function unknownParents(host: PlanHost, used: ReadonlyMap<string, Used[]>): Reason[] {
  return [...used.values()].flatMap((types) => {
    const fits = fitTogether(types.map(({ of, instances, oneKind, configuration: { type } }) => ({
      kind: type,
      need: instances,
      instances: of,
      oneKind,
    })));
    if (fits && !types.some(({ isDoubtful }) => isDoubtful)) return [];
    const { configuration } = types[0]!;
    const { parent = "" } = configuration;
    const list = types.map(({ configuration: { type }, instances }) => `${instances} ${type}`);
    return [{
      code: "ParentShareUnknown",
      sentence: `${vendorOf(host, configuration)}: it is unknown whether ${parent} has room for ${
        list.join(" and ")
      } ${fits ? "after its instances are freed" : "together, because the types share it"}`,
      source: list.join(", "),
      host: types.map(({ configuration: { type }, of, isDoubtful }) =>
        `${type} ${isDoubtful ? "?" : of}`
      ).join(", "),
    }];
  });
}

/** What must be freed before a plan can be carried out. */
function toFree(
  { host, supply }: Pick<Question, "host" | "supply">,
  landings: readonly Landing[],
  used: ReadonlyMap<string, Used[]>,
): Reason[] {
  // A type with free instances that is not available now lacks something else. Its offer has the reason.
  const devices = landings.map(({ offer }) => offer).filter(({ configuration, availability }) =>
    !availability.now && (configuration.kind !== "mdev-type" ||
      (availability.instances ?? 0) >= (configuration.instances ?? 1))
  ).map(({ configuration, availability }): Reason => ({
    code: "MustBeFreed",
    sentence: `${vendorOf(host, configuration)}: ${
      describeConfiguration(configuration)
    } must be freed first${availability.reason ? `: ${availability.reason}` : ""}`,
    source: null,
    host: availability.reason ?? null,
  }));
  const kept = Map.groupBy(
    landings.filter(({ offer, draw }) =>
      offer.configuration.kind === "device" && draw.share !== null
    ),
    ({ draw }) => `${draw.place} ${draw.share!.kind}`,
  );
  const parents = [...used.values()].flatMap((types): Reason[] => {
    const made = types.map((one) => ({
      ...one,
      instances: one.instances -
        (kept.get(`${one.root} ${one.configuration.type}`)?.length ?? 0),
      free: supply.stockOf(one.configuration).now,
    })).filter(({ instances }) => instances > 0);
    const shares = made.map(({ free, instances, oneKind, configuration: { type } }) => ({
      kind: type,
      need: instances,
      instances: Math.max(1, free),
      oneKind,
    }));
    const fits = fitTogether(shares) && made.every(({ free }) => free > 0);
    if (fits) return [];
    const { configuration } = made[0]!;
    const { parent = "" } = configuration;
    const there = host.takenOn(parent).map(({ type, instances }) => `${instances} ${type}`);
    const wanted = made.map(({ instances, free, configuration: { type } }) =>
      `${instances} ${type} (${free} free)`
    );
    return [{
      code: "MustBeFreed",
      sentence:
        `${vendorOf(host, configuration)}: to create ${wanted.join(" and ")} on ${parent}, ` +
        `some existing instances must be freed first${
          there.length === 0 ? "" : `: ${there.join(", ")}`
        }`,
      source: wanted.join(", "),
      host: there.join(", ") || null,
    }];
  });
  return [...devices, ...parents];
}
