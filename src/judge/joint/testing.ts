import {
  type Availability,
  type Configuration,
  type Device,
  type DeviceType,
  EVIDENCE,
  type Identity,
  type Migration,
  MIGRATION_UNKNOWN,
  type Offer,
  type Snapshot,
} from "../../documents/mod.ts";
import type { PlanSource } from "./together.ts";

const DRIVER = { name: "mtty", module: "mtty", version: null, srcversion: "A1" };

/** Migration by uapi v2, with P2P. */
export const P2P: Migration = {
  uapi: "v2",
  features: ["stop-copy", "p2p"],
  arcs: [],
  stopCopyBytes: 96,
  dirtyTracking: "device",
  observed: "probed",
};

/** Migration without P2P, by uapi v1, and unknown. */
export const MIGRATIONS = {
  p2p: P2P,
  plain: { ...P2P, features: ["stop-copy"] },
  v1: { ...P2P, uapi: "v1", features: [] },
  unknown: MIGRATION_UNKNOWN,
} satisfies Record<string, Migration>;

/** A source with this id. */
export function makeSource(id: string, migration: Migration = P2P): Identity {
  return {
    schema: "vfio-ask/identity/v1",
    id,
    kind: "mdev",
    host: { name: "hv-17", kernel: "6.12", bootId: "boot-17" },
    type: "mtty-2",
    deviceApi: "vfio-pci",
    version: null,
    description: "mtty: Dual port serial",
    driver: DRIVER,
    facts: {},
    pciConfig: null,
    migration,
    initialData: null,
  };
}

/** An offer of a configuration: compatible, of the same type, free now. */
export function makeOffer(
  configuration: Configuration,
  change: Partial<Offer> & { availability?: Availability } = {},
): Offer {
  return {
    rank: 1,
    configuration,
    verdict: "compatible",
    evidence: "vendor-rule",
    needs: [],
    availability: { now: true, instances: 1 },
    reasons: [],
    warnings: [],
    create: null,
    rule: null,
    order: {},
    ...change,
  };
}

/** A device as a configuration. */
export function aDevice(id: string): Configuration {
  return { kind: "device", type: "mtty-2", id };
}

/** A type on a parent as a configuration. */
export function aType(type: string, parent: string, instances?: number): Configuration {
  return { kind: "mdev-type", type, parent, ...(instances === undefined ? {} : { instances }) };
}

/** A source with offers in this order. */
export function asks(id: string, offers: readonly Offer[], migration: Migration = P2P): PlanSource {
  return {
    source: makeSource(id, migration),
    offers: offers.map((offer, at) => ({ ...offer, rank: at + 1 })),
  };
}

/** A host with these devices and types, with P2P by default. */
export function makeHost(
  devices: readonly (Partial<Device> & { id: string })[] = [],
  types: readonly (Partial<DeviceType> & { type: string; parent: string })[] = [],
): Snapshot {
  const shared = {
    description: "mtty: Dual port serial",
    sysfs: "/sys/…",
    deviceApi: "vfio-pci",
    driver: DRIVER,
    parentDriver: DRIVER,
    numaNode: null,
    facts: {},
    migration: P2P,
    pciConfig: null,
  };
  return {
    schema: "vfio-ask/snapshot/v1",
    snapshot: 1,
    takenAt: "2026-01-01T00:00:00.000Z",
    host: { name: "hv-22", kernel: "6.12", bootId: "boot-22" },
    devices: devices.map((device) => ({
      ...shared,
      kind: "mdev",
      type: "mtty-2",
      parent: "mtty",
      modalias: null,
      pci: null,
      iommuGroup: null,
      nodes: { cdev: null, group: null },
      since: null,
      use: { state: "idle", holder: null },
      ...device,
    })),
    types: types.map((type) => ({
      ...shared,
      kind: "mdev-type",
      name: null,
      availableInstances: 1,
      instances: [],
      ...type,
    })),
    rules: [],
    problems: [],
  };
}

/** Pseudorandom numbers, the same for the same seed (mulberry32). `below(n)` is from 0 to n - 1. */
export function seedRandom(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  return {
    below,
    pick: <T>(items: readonly T[]): T => items[below(items.length)]!,
    shuffle<T>(items: readonly T[]): T[] {
      const all = [...items];
      for (let i = all.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [all[i], all[j]] = [all[j]!, all[i]!];
      }
      return all;
    },
  };
}

export type Random = ReturnType<typeof seedRandom>;

/** A small random question: devices, types on shared parents, vGPU functions, some in use or unknown. */
export function makeRandomQuestion(
  random: Random,
  { sources: mostSources = 4, offers: mostOffers = 5, parents: mostParents = 2 } = {},
) {
  const { below, pick, shuffle } = random;
  const parents = Array.from({ length: 1 + below(mostParents) }, (_, i) => `parent${i}`);
  const types = parents.flatMap((parent) =>
    Array.from({ length: 1 + below(3) }, (_, i) => {
      const existing = Array.from({ length: pick([0, 0, 1, 2]) }, (_, n) => `${parent}-t${i}-${n}`);
      const availableInstances = below(4);
      return { type: `t${i}`, parent, availableInstances, instances: existing };
    })
  );
  const migrationOf = () =>
    below(8) > 0 ? MIGRATIONS.p2p : pick([MIGRATIONS.plain, MIGRATIONS.v1, MIGRATIONS.unknown]);
  const plain = Array.from({ length: below(4) }, (_, i) => ({
    id: `0000:01:00.${i}`,
    kind: "pci" as const,
    parent: null,
    migration: migrationOf(),
  }));
  const mdevs = types.flatMap(({ type, parent, instances }) =>
    instances.map((id) => ({ id, type, parent, migration: migrationOf() }))
  );
  const functions = Array.from({ length: below(2) }, (_, i) => `0000:41:00.${i}`);
  const vgpus = functions.flatMap((parent) =>
    ["v0", "v1"].map((type) => ({ kind: "vgpu-type" as const, type, parent }))
  );
  const host = makeHost(
    [...plain, ...mdevs],
    [...types.map((type) => ({ ...type, migration: migrationOf() })), ...vgpus],
  );
  const offers = [
    ...[...plain, ...mdevs].map(({ id }) => {
      const now = below(3) > 0;
      const availability = { now, instances: now ? 1 : 0, ...(now ? {} : { inUse: 1 }) };
      return makeOffer(aDevice(id), { availability });
    }),
    ...types.map(({ type, parent, availableInstances, instances }) => {
      const configuration = aType(type, parent, pick([undefined, undefined, undefined, 2]));
      const need = configuration.instances ?? 1;
      const counted = { inUse: instances.length, idle: 0 };
      const now = availableInstances >= need;
      return makeOffer(configuration, {
        availability: { now, instances: availableInstances, ...counted },
      });
    }),
    ...vgpus.map((configuration) => makeOffer(configuration)),
  ];
  const judged = () =>
    offers.map((offer) => ({
      ...offer,
      ...(below(4) === 0
        ? { verdict: "unknown" as const, evidence: null }
        : { evidence: pick(EVIDENCE) }),
    }));
  const rank = () => shuffle(judged()).slice(0, below(mostOffers + 1));
  const shared = rank();
  const sources = Array.from(
    { length: 1 + below(mostSources) },
    (_, i) => asks(`s${i}`, below(2) === 0 ? shared : rank(), migrationOf()),
  );
  return { sources, host };
}
