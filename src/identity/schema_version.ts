import { Failure } from "./failure.ts";

/** Turns a document of one version into the next. */
type Upgrade = (document: Record<string, unknown>) => Record<string, unknown>;

/**
 * A document brought to the version of `current` (`vfio-ask/snapshot/v2`) by way of every version between.
 *
 * Throws a {@link Failure} where the document is of another kind, or of a newer version than is known here,
 * which it names.
 */
export function upgradeDocument(
  document: unknown,
  current: string,
  upgrades: Readonly<Record<string, Upgrade>> = {},
): unknown {
  const given = (document as { schema?: unknown } | null)?.schema;
  const [kind, version] = splitSchema(current)!;
  const found = typeof given === "string" ? splitSchema(given) : null;
  const refuse = (why: string, remedy: string) =>
    new Failure("bad-input", why, { subject: "/schema", remedy });
  if (found === null || found[0] !== kind) {
    throw refuse(
      `its schema is ${given === undefined ? "missing" : JSON.stringify(given)}`,
      `Give a document of schema ${current}.`,
    );
  }
  if (found[1] > version) {
    throw refuse(
      `its schema is ${given}, and this version reads up to ${current}`,
      `Use a version of vfio-ask that reads ${given}, or write ${current}.`,
    );
  }
  let upgraded = document as Record<string, unknown>;
  for (let at = found[1]; at < version; at++) {
    const upgrade = upgrades[`${kind}/v${at}`];
    if (upgrade === undefined) {
      throw refuse(`its schema is ${given}, which is not read`, `Give one of schema ${current}.`);
    }
    upgraded = { ...upgrade(upgraded), schema: `${kind}/v${at + 1}` };
  }
  return upgraded;
}

function splitSchema(schema: string): [kind: string, version: number] | null {
  const match = /^(vfio-ask\/[a-z-]+)\/v([1-9]\d{0,5})$/.exec(schema);
  return match === null ? null : [match[1]!, Number(match[2])];
}
