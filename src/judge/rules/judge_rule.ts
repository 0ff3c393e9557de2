import type { CodeOf, Condition, Identity, Reason, ReasonCode } from "../../documents/mod.ts";
import { type ConditionResult, testCondition } from "./condition.ts";
import type { RuleWord, TargetHolder } from "./prepare_rules.ts";

/** A rule's finding about a pair: a reason, and its effect on the verdict or the availability. */
export interface RuleFinding {
  effect: "accept" | "refuse" | "unknown" | "warn" | "unavailable";
  reason: Reason;
  /** How much an open question counts, by default 1. */
  weight?: number;
}

/** The codes of conditions that do not hold and have no code of their own. */
const CODES: Readonly<Record<Condition["op"], CodeOf<"rules", "condition">>> = {
  equal: "FactDiffers",
  atLeast: "FactTooSmall",
  atMost: "FactTooLarge",
  superset: "FactLacking",
  version: "VersionOutOfRange",
  in: "FactNotAccepted",
  // It always holds.
  shown: "FactDiffers",
};

/** The findings of a rule that matches a pair: its verdict, and every condition that does not hold. Pure. */
export function judgeRule(
  { file, target }: RuleWord,
  source: Identity,
  host: TargetHolder,
): RuleFinding[] {
  const { vendor } = file.document;
  const results = (target.require ?? []).map((condition) => ({
    condition,
    result: testCondition(condition, source, host),
  }));
  const failed = results.flatMap(({ condition, result }) => judge(vendor, condition, result));
  const told = results.filter(({ condition }) => isTold(condition));
  const values = (side: "source" | "host", type: string) =>
    told.length === 0 ? type : [
      ...new Set(told.map(({ condition, result }) => `${nameOf(condition)} ${result[side]}`)),
    ].join(", ");
  const warned = (target.warnings ?? []).map(({ code, sentence }) => ({
    effect: "warn" as const,
    reason: { code, sentence: `${vendor}: ${sentence}`, source: null, host: null },
  }));
  const pair = {
    source: values("source", source.type),
    host: values("host", host.configuration.type),
  };
  const say = (code: ReasonCode): Reason => ({
    code: target.code ?? code,
    sentence: `${vendor}: ${fill(target.sentence, pair)}`,
    ...pair,
    ...(target.check === undefined ? {} : { check: target.check }),
  });
  switch (target.verdict) {
    case "incompatible":
      return [{ effect: "refuse", reason: say("RuleRefuses") }, ...failed];
    case "unknown":
      return [{ effect: "unknown", reason: say("FirmwareDecides") }, ...failed, ...warned];
    case "compatible": {
      const holds = !failed.some(({ effect }) => effect === "refuse" || effect === "unknown");
      return [
        ...(holds ? [{ effect: "accept" as const, reason: say("RuleAccepts") }] : []),
        ...failed,
        ...warned,
      ];
    }
  }
}

function isTold({ op, side }: Condition): boolean {
  return op === "shown" || side === undefined;
}

function judge(vendor: string, condition: Condition, result: ConditionResult): RuleFinding[] {
  const { holds, source, host, lacking } = result;
  if (holds === true) return [];
  const { otherwise = "refuse", missing = "unknown", weight, check } = condition;
  const weighed = weight === undefined ? {} : { weight };
  const values = { source, host, ...(check === undefined ? {} : { check }) };
  const name = nameOf(condition);
  if (holds === null) {
    if (missing === "pass") return [];
    const sentence = `${vendor}: ${missingSentence(condition, result)}`;
    return [{
      effect: missing,
      reason: { code: "FactMissing", sentence, source, host },
      ...weighed,
    }];
  }
  const sentence = fill(
    condition.sentence ?? plainSentence(condition, name),
    { ...result, lacking: lacking.join(" ") },
  );
  return [{
    effect: otherwise,
    reason: {
      code: condition.code ?? CODES[condition.op],
      sentence: `${vendor}: ${sentence}`,
      ...values,
    },
    ...weighed,
  }];
}

/** Says whose fact is unknown, or that the values cannot be compared. */
function missingSentence({ side, ...condition }: Condition, result: ConditionResult): string {
  const name = nameOf(condition);
  const unknown = result.unknown.filter((of) => (side ?? of) === of);
  if (unknown.length > 0) {
    const whose = { source: "at the source", host: "on this host" };
    const of = unknown.length === 2 ? "on either side" : whose[unknown[0]!];
    const declare = isDeclarable(condition.fact) ? "; an operator can declare it" : "";
    return `${name} is not known ${of}${declare}`;
  }
  return `${name} ${result.host} here and ${result.source} at the source cannot be compared`;
}

/** Whether a fact is a key of `facts`, which operators may declare. */
function isDeclarable(fact: string): boolean {
  return !fact.includes(".") && fact !== "kind" && fact !== "deviceApi";
}

function plainSentence({ op, range, value, side = "host" }: Condition, name: string): string {
  switch (op) {
    case "atLeast":
    case "atMost": {
      const bound = value === undefined ? "the source's {source}" : value;
      return `${name} {${side}} is ${op === "atLeast" ? "less" : "more"} than ${bound}`;
    }
    case "superset":
      return `this host lacks ${name} {lacking}`;
    case "version":
      return `${name} {${side}} is not in the range ${
        range?.replaceAll("{source}", "the source's")
      }`;
    case "in":
      return `${name} {${side}} is not an accepted value`;
    default:
      return `${name} is {host} here and {source} at the source`;
  }
}

function nameOf({ fact, hostFact }: Condition): string {
  return hostFact === undefined || hostFact === fact ? fact : `${fact} (${hostFact} of the host)`;
}

function fill(
  sentence: string,
  values: { source: string; host: string; lacking?: string },
): string {
  return sentence.replace(
    /\{(source|host|lacking)\}/g,
    (_, name) => values[name as "source" | "host"] ?? "",
  );
}
