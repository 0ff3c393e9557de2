import type { Configuration, Others, Reason, Refusal } from "../../documents/mod.ts";

/** The largest number of other names in a refusal. */
const MAX_NAMES = 20;

/**
 * Merges refusals with the same reasons. The first of each group keeps its place and lists the `others`. Reasons count
 * as the same if they differ only in the type of their configuration. Pure.
 */
export function groupRefusals(refusals: readonly Refusal[]): Refusal[] {
  // Most refusals share one list object of reasons. Each list is serialized once.
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

/** Configurations by kind and type, with at most {@link MAX_NAMES} names. */
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
