import { compareText, PLACEMENT_SCHEMA, type Snapshot } from "../documents/mod.ts";
import { countTypes, type TypeCount } from "./count_types.ts";
import { uniqueNames } from "./unique_names.ts";

/** The longest name of a trait or a resource class. Source: OpenStack Placement, `placement/schemas/trait.py`. */
const LONGEST_NAME = 255;

/** One record of an inventory. Source: OpenStack Placement, `placement/schemas/inventory.py`. */
interface Inventory {
  total: number;
  reserved: number;
  min_unit: number;
  max_unit: number;
  step_size: number;
  allocation_ratio: number;
}

/** A resource provider: a parent of devices, with the bodies of two requests. */
interface Provider {
  /** Its name and UUID, always the same for this parent of a host of this name. */
  name: string;
  uuid: string;
  parent: string;
  /** The body of `PUT /resource_providers/{uuid}/inventories`. */
  inventories: { resource_provider_generation: number; inventories: Record<string, Inventory> };
  /** The body of `PUT /resource_providers/{uuid}/traits`. */
  traits: { resource_provider_generation: number; traits: string[] };
  /** The types behind the resource classes. */
  types: { type: string; resourceClass: string; uapi: string; total: number; free: number }[];
  /** Devices without an inventory: they were not asked, or cannot be used now. */
  notCounted: { type: string; why: "unknown" | "unusable"; count: number }[];
}

/** What a host has for OpenStack Placement. */
export interface PlacementDocument {
  schema: typeof PLACEMENT_SCHEMA;
  host: string;
  takenAt: string;
  /** For `PUT /resource_classes/{name}` and `PUT /traits/{name}`. */
  resourceClasses: string[];
  traits: string[];
  providers: Provider[];
}

/**
 * The resource providers of a host for OpenStack Placement: one for each parent of devices that can migrate, with an
 * inventory for each type. A device in use is part of the inventory: Placement subtracts allocations. A device that nobody
 * has asked is not part of it. The generations are those of a new provider.
 *
 * Source: OpenStack Placement API, resource provider inventories and traits. Throws nothing.
 */
export async function placementOf(snapshot: Snapshot): Promise<PlacementDocument> {
  const host = snapshot.host.name;
  const counts = countTypes(snapshot).filter(({ uapi }) => uapi !== "none");
  const names = uniqueNames(counts.map(textOf), {
    toName: (text) => custom(JSON.parse(text)[1]),
    longest: LONGEST_NAME,
    joint: "_",
  });
  // The hash in a name has small letters.
  const classOf = (count: TypeCount) => names.get(textOf(count))!.toUpperCase();
  const byParent = Map.groupBy(counts, ({ provider }) => provider);
  const providers: Provider[] = [];
  for (const [parent, of] of [...byParent].sort(([a], [b]) => compareText(a, b))) {
    const name = `${host}_${parent}`;
    const uuid = await uuidOf(name);
    providers.push({ name, uuid, parent, ...providerOf(of, classOf) });
  }
  const all = (values: string[]) => [...new Set(values)].sort();
  return {
    schema: PLACEMENT_SCHEMA,
    host,
    takenAt: snapshot.takenAt,
    resourceClasses: all(
      providers.flatMap(({ inventories }) => Object.keys(inventories.inventories)),
    ),
    traits: all(providers.flatMap(({ traits }) => traits.traits)),
    providers,
  };
}

function providerOf(
  counts: readonly TypeCount[],
  classOf: (count: TypeCount) => string,
): Omit<Provider, "name" | "uuid" | "parent"> {
  // Placement refuses an inventory of nothing.
  const migratable = counts.filter(({ uapi, total }) => uapi !== "unknown" && total > 0);
  const types = migratable.map((count) => {
    const { type, uapi, total, free } = count;
    return { type, resourceClass: classOf(count), uapi, total, free };
  });
  const totals = new Map<string, number>();
  for (const { resourceClass, total } of types) {
    totals.set(resourceClass, (totals.get(resourceClass) ?? 0) + total);
  }
  const inventories = Object.fromEntries([...totals].map(([name, total]) => [name, of(total)]));
  return {
    inventories: { resource_provider_generation: 0, inventories },
    traits: { resource_provider_generation: 0, traits: traitsOf(migratable) },
    types,
    notCounted: counts.flatMap(({ type, uapi, total, unusable }) => [
      ...(uapi === "unknown" && total > 0 ? [{ type, why: "unknown" as const, count: total }] : []),
      ...(unusable > 0 ? [{ type, why: "unusable" as const, count: unusable }] : []),
    ]),
  };
}

function of(total: number): Inventory {
  return { total, reserved: 0, min_unit: 1, max_unit: total, step_size: 1, allocation_ratio: 1 };
}

/** Traits are of a whole provider, so each holds for all its types. */
function traitsOf(counts: readonly TypeCount[]): string[] {
  if (counts.length === 0) return [];
  const [first] = counts as [TypeCount];
  const features = first.features.filter((feature) =>
    counts.every(({ features }) => features.includes(feature))
  );
  const isAll = (uapi: string) => counts.every((count) => count.uapi === uapi);
  const drivers = new Set(counts.map(({ driver }) => driver));
  return [
    ...(["v1", "v2"].filter(isAll).map((uapi) => custom(`MIGRATION_${uapi}`))),
    ...features.map((feature) => custom(`MIGRATION_${feature}`)),
    ...(drivers.size === 1 && first.driver !== null ? [custom(`DRIVER_${first.driver}`)] : []),
  ].sort();
}

/** A custom name: `CUSTOM_VFIO_MTTY_2`. */
function custom(text: string): string {
  return `CUSTOM_VFIO_${text.toUpperCase().replace(/[^A-Z0-9_]/g, "_")}`;
}

function textOf({ type, name }: TypeCount): string {
  return JSON.stringify([type, name]);
}

/** The namespace of the UUIDs, made up for this program. */
const UUIDS = "6c1f5f0e-2a6d-4d0c-9f0b-7d5b0c9a41e3";

/** A UUID of version 5 for a name. Source: RFC 9562, section 5.5. */
async function uuidOf(name: string): Promise<string> {
  const space = Uint8Array.fromHex(UUIDS.replaceAll("-", ""));
  const digest = await crypto.subtle.digest(
    "SHA-1",
    Uint8Array.from([...space, ...new TextEncoder().encode(name)]),
  );
  const bytes = new Uint8Array(digest).subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
