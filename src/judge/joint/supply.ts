import type { Configuration, Offer, Sharing } from "../../documents/mod.ts";
import { type PlanHost, typeKey } from "./host.ts";
import type { Share } from "./share.ts";
import type { PlanSource } from "./together.ts";

/** The instances of a type on its parent: free now, and after its existing ones are freed. */
export interface Stock {
  now: number;
  later: number;
}

/** How the types of a parent share it, called with each type. */
export type SharingOf = (configuration: Configuration) => Sharing;

/**
 * What an offer takes. A device takes itself. A type takes instances of its parent. A vGPU type takes the whole function
 * that it is set on.
 */
export interface Draw {
  /** A function or a parent. Draws on different places do not affect each other. */
  place: string;
  /** The parent whose instances it takes; null if it takes the whole place. */
  parent: string | null;
  /** The name of a device that counts as one of its parent's instances. */
  device: string | null;
  /** What it takes of a parent; null if it takes the whole place. */
  share: Share | null;
  /** Whether it is unknown that its parent can create it after other types are freed. */
  isDoubtful: boolean;
}

/** What a host can supply to the sources. `drawOf` is null if an offer is not available at all. */
export interface Supply {
  stockOf(configuration: Configuration): Stock;
  drawOf(offer: Offer, when: "now" | "later"): Draw | null;
}

/** Counts the instances of each type from the offers of all sources. */
export function countSupply(
  host: PlanHost,
  sources: readonly PlanSource[],
  sharingOf: SharingOf,
): Supply {
  const stocks = new Map<string, Stock>();
  const sharing = new Map<string, Set<Sharing>>();
  for (const { configuration, availability } of sources.flatMap(({ offers }) => offers)) {
    if (configuration.kind === "device") continue;
    const { now, instances, inUse = 0, idle = 0 } = availability;
    const free = instances ?? (now ? 1 : 0);
    const key = typeKey(configuration);
    const old = stocks.get(key) ?? { now: 0, later: 0 };
    const later = Math.max(old.later, free + inUse + idle);
    stocks.set(key, { now: Math.max(old.now, free), later });
    const parent = configuration.parent ?? "";
    if (!sharing.has(parent)) sharing.set(parent, new Set());
    sharing.get(parent)!.add(sharingOf(configuration));
  }

  function drawOfDevice({ configuration }: Offer, when: "now" | "later"): Draw {
    const type = mdevTypeOf(host, configuration);
    const stock = type === null ? undefined : stocks.get(typeKey(type));
    const alone = takeFunction(configuration.id ?? "");
    // A device that the plan keeps cannot be freed for others of its type.
    if (when === "now" || type === null || stock === undefined || stock.later === stock.now) {
      return alone;
    }
    const draw = drawOfType(type, { need: 1, instances: Math.max(1, stock.later) });
    return { ...draw, device: configuration.id ?? "" };
  }

  function drawOfType(
    { kind, type, parent = "" }: Configuration,
    { need, instances, isDoubtful = false }: {
      need: number;
      instances: number;
      isDoubtful?: boolean;
    },
  ): Draw {
    if (kind === "vgpu-type") return takeFunction(parent, isDoubtful);
    const ways = sharing.get(parent)!;
    const isOwn = ways.has("independent") && sharingOf({ kind, type, parent }) === "independent";
    const place = isOwn ? `type ${parent} ${type}` : `parent ${parent}`;
    const share = { kind: type, need, instances, oneKind: !isOwn && ways.has("one-type") };
    return { place, parent, device: null, share, isDoubtful };
  }

  return {
    stockOf: (configuration) => stocks.get(typeKey(configuration)) ?? { now: 0, later: 0 },
    drawOf(offer, when) {
      const { configuration, availability } = offer;
      if (when === "now" && !availability.now) return null;
      if (configuration.kind === "device") return drawOfDevice(offer, when);
      const need = configuration.instances ?? 1;
      const instances = stocks.get(typeKey(configuration))![when];
      if (instances >= need) return drawOfType(configuration, { need, instances });
      const others = host.takenOn(configuration.parent ?? "")
        .some(({ type }) => type !== configuration.type) ||
        (availability.toFree ?? []).some(({ type }) => type !== configuration.type);
      if (when === "now" || !others) return null;
      return drawOfType(configuration, { need, instances: need, isDoubtful: true });
    },
  };
}

function takeFunction(name: string, isDoubtful = false): Draw {
  return { place: `function ${name}`, parent: null, device: null, share: null, isDoubtful };
}

/** The type of an mdev as a configuration; null for any other device. */
function mdevTypeOf(host: PlanHost, configuration: Configuration): Configuration | null {
  const device = host.entryOf(configuration);
  if (device?.kind !== "mdev" || !device.parent) return null;
  return { kind: "mdev-type", type: device.type, parent: device.parent };
}
