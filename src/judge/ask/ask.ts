import {
  compareText,
  type Device,
  type DeviceType,
  type Identity,
  type Offer,
  type Reason,
  type Refusal,
  type Snapshot,
  type Verdict,
} from "../../documents/mod.ts";
import { prepareRules, reachedTypes } from "../rules/mod.ts";
import {
  conclude,
  type Conclusion,
  type Grounds,
  place,
  type Placed,
  type SubsystemMode,
} from "./conclude.ts";
import { classify, toCandidate } from "./configurations.ts";
import { driverOf } from "./finding.ts";
import { indexHost } from "./host_index.ts";
import { type OfferOrder, rankOffers } from "./order.ts";
import { candidateKey, type TestResult, type TestResults } from "./test_result.ts";

/** What is wanted of an answer. */
export interface AskOptions {
  /** Tests of candidates. */
  tests?: TestResults;
  /** Whether what cannot be known is left out, rather than offered last. */
  omitUnknown?: boolean;
  /** `warn` where it is left out. */
  subsystem?: SubsystemMode;
  /** What comes first among offers of one verdict: the stronger evidence (the default), or what is available. */
  order?: OfferOrder;
}

/** Offers, best first, and the rest with their reasons. */
export interface Judgement {
  /** What holds of the host as a whole. */
  reasons: Reason[];
  offers: Offer[];
  /** How many offers of unknown verdict were left out. */
  omitted: number;
  /** How many configurations are refused. */
  refused: number;
  /** Worked out when it is asked for: an answer without it costs what configurations of the type cost. */
  readonly refusals: Refusal[];
}

/**
 * Holds every configuration of a host against a source, with the rules in force there. Pure; the order of the
 * answer does not depend on the order of the snapshot. Asking reserves nothing.
 *
 * Where candidates were tested, the test decides: its no refuses, whatever rules say. A passing test is the stronger
 * evidence, and overrides a type mismatch and any unknowns, but neither what a guest would see nor what a rule refuses.
 * Where there is neither a rule nor a test, the verdict is unknown.
 */
export function ask(snapshot: Snapshot, source: Identity, options: AskOptions = {}): Judgement {
  const { tests = new Map(), omitUnknown = false, subsystem = "warn", order } = options;
  const index = indexHost(snapshot);
  const rules = prepareRules(snapshot.rules, source);
  const reached = reachedTypes(rules, index.byType).add(source.type);
  const judgeEntry = makeJudge(snapshot, source, { rules, tests, subsystem });
  const isNear = (type: string) => tests.size > 0 || reached.has(type);
  const near = (tests.size > 0 ? [...index.byType.keys()] : [...reached])
    .flatMap((type) => index.byType.get(type) ?? []).map(judgeEntry);
  const known = near.flatMap(({ offer }) => offer ?? []);
  const wanted = omitUnknown ? known.filter(({ verdict }) => verdict !== "unknown") : known;
  let refusals: Refusal[] | undefined;
  return {
    reasons: index.byType.has(source.type) || known.length > 0
      ? []
      : [typeNotOnHost(source, snapshot)],
    offers: rankOffers(wanted, source.wish, order),
    omitted: known.length - wanted.length,
    refused: index.size - known.length,
    get refusals() {
      refusals ??= sortRefusals([
        ...near,
        ...[...index.byType].flatMap(([type, entries]) => isNear(type) ? [] : entries)
          .map(judgeEntry),
      ].flatMap(({ refusal }) => refusal ?? []));
      return refusals;
    },
  };
}

/** One configuration of a host, judged by itself. */
export type Judged = Omit<Refusal, "verdict"> & Partial<Pick<Offer, "needs">> & {
  verdict: Verdict;
};

/**
 * Holds one device or type of a host against a source, exactly as {@link ask} does with all of them: the same verdict,
 * evidence, reasons and warnings. A device in use is judged too. Pure.
 */
export function judgeOne(
  snapshot: Snapshot,
  source: Identity,
  entry: Device | DeviceType,
  { tests: results = [], subsystem = "warn" }: Pick<AskOptions, "subsystem"> & {
    tests?: readonly TestResult[];
  } = {},
): Judged {
  const candidate = toCandidate(snapshot, indexHost(snapshot), entry);
  const rules = prepareRules(snapshot.rules, source);
  const tests = new Map([[candidateKey(candidate), results]]);
  const conclusion = conclude(source, candidate, { rules, tests, subsystem });
  const { offer, refusal } = place(conclusion, candidate, source);
  if (refusal !== undefined) return refusal;
  const { configuration, verdict, evidence, needs, availability, reasons, warnings, rule } = offer!;
  return { configuration, verdict, evidence, needs, availability, reasons, warnings, rule };
}

/** Judges candidates of a host, those of one class once: but for the source itself, and for those that were tested. */
function makeJudge(
  snapshot: Snapshot,
  source: Identity,
  grounds: Grounds,
): (entry: Device | DeviceType) => Placed {
  const classes = classify(snapshot);
  const conclusions = new Map<number, Conclusion>();
  return (entry) => {
    const { candidate, class: number } = classes.of(entry);
    const isApart = candidate.configuration.id === source.id ||
      grounds.tests.size > 0 && grounds.tests.has(candidateKey(candidate));
    const known = isApart ? undefined : conclusions.get(number);
    const conclusion = known ?? conclude(source, candidate, grounds);
    if (!isApart) conclusions.set(number, conclusion);
    return place(conclusion, candidate, source);
  };
}

function typeNotOnHost(source: Identity, { host }: Snapshot): Reason {
  const sentence = `${driverOf(source)}: ${host.name} has nothing of type ${source.type}`;
  return { code: "TypeNotOnHost", sentence, source: source.type, host: "none" };
}

/**
 * Why a source cannot migrate at all, wherever to: none where it can, or where that is not known.
 */
export function reasonsNotToMigrate({ migration, driver, type }: Identity): Reason[] {
  if (migration.uapi !== "none") return [];
  const vendor = driver?.name ?? type;
  const check = migration.checks?.[0];
  const answered = check?.errno == null ? "" : `: kernel answered ${check.errno} to ${check.step}`;
  return [{
    code: "SourceCannotMigrate",
    sentence: `${vendor}: the source's driver does not support migration${answered}`,
    source: "none",
    host: null,
    ...(check === undefined ? {} : { check }),
  }];
}

/** Nearest first: fewer reasons, then by name. */
function sortRefusals(refusals: readonly Refusal[]): Refusal[] {
  const named = refusals.map((refusal) => {
    const { kind, type, parent = "", id = "" } = refusal.configuration;
    return { refusal, name: `${kind} ${type} ${parent} ${id}` };
  });
  return named.sort((a, b) =>
    a.refusal.reasons.length - b.refusal.reasons.length ||
    compareText(a.name, b.name)
  ).map(({ refusal }) => refusal);
}
