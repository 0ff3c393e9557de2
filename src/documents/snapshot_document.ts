import * as z from "zod/mini";
import type { Known } from "./known.ts";
import { Driver, Host } from "./identity.ts";
import { Migration } from "./migration.ts";
import { PciConfig } from "./pci_config.ts";
import { Problem } from "./problem.ts";
import { RulesFile } from "./rules.ts";
import { SNAPSHOT_SCHEMA } from "./schemas.ts";
import { Device, DeviceType } from "./snapshot.ts";
import { Count, Name, Text } from "./text.ts";

/** The parts that devices and types have in common, and the table that holds each part of a document. */
export const TABLES = {
  driver: "drivers",
  parentDriver: "drivers",
  migration: "migrations",
  pciConfig: "pciConfigs",
} as const;

/** The fields of which an entry may have a part, and what it is like the rest. */
export const MERGED = ["iommuGroup", "nodes", "pci", "use"] as const;

/** A part as it is, or the key of its table. */
const orKey = <T extends z.core.$ZodType>(part: T) => z.union([part, Name]);

const parts = () => ({
  driver: orKey(z.nullable(Driver)),
  parentDriver: orKey(z.nullable(Driver)),
  migration: orKey(Migration),
  pciConfig: orKey(z.nullable(PciConfig)),
  /** The key of the entry below `shared` that has the fields which are left out here. */
  like: Name,
});

/** Any fields of an object, which is checked once it is whole. */
const Fields = z.nullable(z.record(Name, z.unknown()));

const SharedDevice = z.lazy(() =>
  z.partial(
    z.extend(Device._zod.innerType, {
      ...parts(),
      ...Object.fromEntries(MERGED.map((field) => [field, Fields])),
      /** Stands for `sysfs`, which is the device's id in this directory. */
      directory: Text,
    }),
  )
);
const SharedType = z.lazy(() => z.partial(z.extend(DeviceType._zod.innerType, parts())));

/** What is equal, once: tables by key. */
export const Shared = z.lazy(() =>
  z.partial(z.looseObject({
    drivers: z.record(Name, Driver),
    migrations: z.record(Name, Migration),
    pciConfigs: z.record(Name, PciConfig),
    /** Fields that many devices, or types, have. */
    devices: z.record(Name, SharedDevice),
    types: z.record(Name, SharedType),
  }))
);
export type Shared = Known<z.infer<typeof Shared>>;

/**
 * A snapshot as files and answers carry it: what is equal stands once, below `shared`. A device or type that is `like`
 * one of `shared.devices` or `shared.types` has the fields of that besides its own, which win; of the fields in
 * {@link MERGED} both have a part. Each part of {@link TABLES} is there as it is, or as the key of its table.
 */
export const SnapshotDocument = z.lazy(() =>
  z.looseObject({
    schema: z.literal(SNAPSHOT_SCHEMA),
    snapshot: Count,
    takenAt: Name,
    host: Host,
    shared: z.optional(Shared),
    devices: z.array(SharedDevice),
    types: z.array(SharedType),
    rules: z.array(RulesFile),
    problems: z.array(Problem),
  })
);
export type SnapshotDocument = Known<z.infer<typeof SnapshotDocument>>;
