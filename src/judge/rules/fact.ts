import type { DeviceKind, Driver, Host, PciConfig } from "../../documents/mod.ts";

/** The holder of facts: a source's identity, or a configuration of a host. */
export interface FactHolder {
  kind: DeviceKind;
  deviceApi: string | null;
  driver: Driver | null;
  parentDriver?: Driver | null | undefined;
  facts: Readonly<Record<string, unknown>>;
  pciConfig: PciConfig | null;
  migration: { uapi: string; features: readonly string[] };
  host: Host;
}

/** A fact as rules compare it. Null if unknown. */
export type Fact = string | number | boolean | readonly string[] | null;

/** The fact with this name, see `FACT_PATHS`. Null if unknown. */
export function factOf(holder: FactHolder, name: string): Fact {
  const [first, second, third] = name.split(".") as [string, string?, string?];
  switch (first) {
    case "deviceApi":
    case "kind":
      return holder[first];
    case "driver":
    case "parentDriver":
      return asFact(holder[first]?.[second as "name"]);
    case "pciConfig":
      return asFact(holder.pciConfig?.[second as "vendor"]);
    case "migration":
      if (holder.migration.uapi === "unknown") return null;
      return asFact(holder.migration[second as "uapi"]);
    case "host":
      return second === "kernel" ? holder.host.kernel : asFact(holder.host.facts?.[third ?? ""]);
    default:
      return Object.hasOwn(holder.facts, first) ? asFact(holder.facts[first]) : null;
  }
}

/** A fact as text for people. */
export function factText(fact: Fact): string {
  if (fact === null) return "not known";
  return Array.isArray(fact) ? fact.join(" ") || "none" : String(fact);
}

function asFact(value: unknown): Fact {
  if (Array.isArray(value)) return value.every((item) => typeof item === "string") ? value : null;
  return ["string", "number", "boolean"].includes(typeof value) ? value as Fact : null;
}
