import type { Configuration, Others, Reason, Refusal } from "../../documents/mod.ts";

/** How many names of others a refusal tells. */
const MAX_NAMES = 20;

/**
 * Puts together what is refused for the same reasons: the first of each group, which keeps its place, tells the `others`.
 * Reasons are the same where they differ in nothing but the type of the configuration that they are about. Pure.
 */
export function groupRefusals(refusals: readonly Refusal[]): Refusal[] {
  // Most have the very same list of reasons: only lists that differ are compared.
  const texts = new Map<readonly Reason[], string>();
  const groups = Map.groupBy(refusals, (refusal) => {
    const known = texts.get(refusal.reasons);
    const text = known ?? groupText(refusal);
    if (known === undefined) texts.set(refusal.reasons, text);
    return text;
  });
  return [...groups.values()].map(([first, ...rest]) => {
    if (rest.length === 0) return first!;
    const { configuration, ...shared } = first!;
    const others = namesOf(rest.map(({ configuration }) => configuration));
    return { configuration, count: rest.length + 1, others, ...shared };
  });
}

function groupText(
  { evidence, rule, reasons, warnings, configuration: { type } }: Refusal,
): string {
  const ofAnyType = (reason: Reason) => reason.host === type ? { ...reason, host: "" } : reason;
  return JSON.stringify([evidence, rule, reasons.map(ofAnyType), warnings.map(ofAnyType)]);
}

/** Configurations by kind and type, with as many names as are told. */
function namesOf(configurations: readonly Configuration[]): Others[] {
  let left = MAX_NAMES;
  const byType = Map.groupBy(configurations, ({ kind, type }) => `${kind} ${type}`);
  return [...byType.values()].map((same) => {
    const { kind, type } = same[0]!;
    const names = same.slice(0, left).map(({ id, parent }) => id ?? parent ?? "");
    left -= names.length;
    const told = names.length === 0 ? {} : { [kind === "device" ? "ids" : "parents"]: names };
    return { kind, type, count: same.length, ...told };
  });
}
