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
import { type OfferOrder, rankOffers, type Unranked } from "./order.ts";
import { makePast } from "./past.ts";
import { bestCase, certainOffers } from "./pending.ts";
import { candidateKey, type TestResult, type TestResults } from "./test_result.ts";

/** Options of an answer. */
export interface AskOptions {
  /** Test results of candidates. */
  tests?: TestResults;
  /** Leaves out offers of unknown verdict; by default they come last. */
  omitUnknown?: boolean;
  /** `warn` by default. */
  subsystem?: SubsystemMode;
  /** What comes first among offers of one verdict: the stronger evidence (the default) or available ones. */
  order?: OfferOrder;
  /**
   * The keys of candidates whose test is still to come. They are neither offered nor refused, and only offers that none
   * of them can precede are listed. So the offers are the first ones of the answer after all tests.
   */
  pending?: ReadonlySet<string>;
}

/** Offers, best first, and refusals with their reasons. */
export interface Judgement {
  /** Reasons that apply to the whole host. */
  reasons: Reason[];
  offers: Offer[];
  /** The number of omitted offers of unknown verdict. */
  omitted: number;
  /** The number of refused configurations. */
  refused: number;
  /** Computed when first read. An answer without refusals costs only the configurations of the source's type. */
  readonly refusals: Refusal[];
}

/**
 * Compares every configuration of a host with a source, by the rules in force on the host. Pure. The order of the
 * answer does not depend on the order of the snapshot. Asking reserves nothing.
 *
 * If a candidate was tested, the test decides. A failed test refuses, whatever the rules say. A passing test is the
 * stronger evidence. It overrides a type mismatch and any unknowns, but not a difference that the guest would see or a
 * rule that refuses. Earlier migrations between the same builds are evidence too, weaker than a test and stronger than a
 * rule. Without a rule, a test or such a migration, the verdict is unknown.
 */
export function ask(snapshot: Snapshot, source: Identity, options: AskOptions = {}): Judgement {
  const { tests = new Map(), pending = new Set(), omitUnknown = false, subsystem = "warn", order } =
    options;
  const index = indexHost(snapshot);
  const rules = prepareRules(snapshot.rules, source);
  const reached = reachedTypes(rules, index.byType).add(source.type);
  const past = makePast(snapshot, source);
  const judgeEntry = makeJudge(snapshot, source, { rules, tests, past, pending, subsystem });
  const isTested = tests.size + pending.size > 0;
  const isNear = (type: string) => isTested || reached.has(type);
  const near = (isTested ? [...index.byType.keys()] : [...reached])
    .flatMap((type) => index.byType.get(type) ?? []).map(judgeEntry);
  const known = near.flatMap(({ offer }) => offer ?? []);
  const hopes = near.flatMap(({ hope }) => hope ?? []);
  const wanted = omitUnknown ? known.filter(({ verdict }) => verdict !== "unknown") : known;
  let refusals: Refusal[] | undefined;
  return {
    reasons: index.byType.has(source.type) || known.length > 0
      ? []
      : [typeNotOnHost(source, snapshot)],
    offers: certainOffers(rankOffers([...wanted, ...hopes], source.wish, order), hopes),
    omitted: known.length - wanted.length,
    refused: index.size - known.length - hopes.length,
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

/**
 * The keys of candidates whose test is still to come, the one first that is the best offer if all tests pass. Pure.
 */
export function rankPending(
  snapshot: Snapshot,
  source: Identity,
  { pending, order }: Required<Pick<AskOptions, "pending">> & Pick<AskOptions, "order">,
): string[] {
  const rules = prepareRules(snapshot.rules, source);
  const past = makePast(snapshot, source);
  const grounds = { rules, tests: new Map(), past, pending, subsystem: "warn" } as const;
  const hopes = [...indexHost(snapshot).byType.values()].flat()
    .map(makeJudge(snapshot, source, grounds)).flatMap(({ hope }) => hope ?? []);
  return rankOffers(hopes, source.wish, order).map(candidateKey);
}

/** The judgement of one configuration of a host. */
export type Judged = Omit<Refusal, "verdict"> & Partial<Pick<Offer, "needs">> & {
  verdict: Verdict;
};

/**
 * Compares one device or type of a host with a source. The verdict, evidence, reasons and warnings are the same as those
 * of {@link ask}. Devices in use are judged too. Pure.
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
  const past = makePast(snapshot, source);
  const conclusion = conclude(source, candidate, { rules, tests, past, subsystem });
  const { offer, refusal } = place(conclusion, candidate, source);
  if (refusal !== undefined) return refusal;
  const { configuration, verdict, evidence, needs, availability, reasons, warnings, rule } = offer!;
  return { configuration, verdict, evidence, needs, availability, reasons, warnings, rule };
}

/** Judges candidates of a host, each class once. The source itself and tested candidates are judged individually. */
function makeJudge(
  snapshot: Snapshot,
  source: Identity,
  { pending, ...grounds }: Grounds & { pending: ReadonlySet<string> },
): (entry: Device | DeviceType) => Placed & { hope?: Unranked } {
  const classes = classify(snapshot);
  const conclusions = new Map<number, Conclusion>();
  return (entry) => {
    const { candidate, class: number } = classes.of(entry);
    const key = grounds.tests.size + pending.size > 0 ? candidateKey(candidate) : "";
    const isApart = candidate.configuration.id === source.id || grounds.tests.has(key);
    const known = isApart ? undefined : conclusions.get(number);
    const conclusion = known ?? conclude(source, candidate, grounds);
    if (!isApart) conclusions.set(number, conclusion);
    return pending.has(key)
      ? { hope: bestCase(conclusion, candidate, source) }
      : place(conclusion, candidate, source);
  };
}

function typeNotOnHost(source: Identity, { host }: Snapshot): Reason {
  const sentence = `${driverOf(source)}: ${host.name} has no configuration of type ${source.type}`;
  return { code: "TypeNotOnHost", sentence, source: source.type, host: "none" };
}

/** Why a source cannot migrate to any host. Empty if it can or if that is unknown. */
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

/** Nearest first: by number of reasons, then by name. */
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
