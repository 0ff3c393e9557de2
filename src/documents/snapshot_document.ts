import * as z from "zod/mini";
import type { Known } from "./known.ts";
import { Driver, Host } from "./identity.ts";
import { Migration } from "./migration.ts";
import { OutcomeTally } from "./outcome.ts";
import { PciConfig } from "./pci_config.ts";
import { Problem } from "./problem.ts";
import { RulesFile } from "./rules.ts";
import { SNAPSHOT_SCHEMA } from "./schemas.ts";
import { Device, DeviceType } from "./snapshot.ts";
import { Count, Name, Text } from "./text.ts";

/** The parts that devices and types can share, each with its table in the document. */
export const TABLES = {
  driver: "drivers",
  parentDriver: "drivers",
  migration: "migrations",
  pciConfig: "pciConfigs",
} as const;

/** The fields that are merged from an entry and from the entry named by `like`. */
export const MERGED = ["iommuGroup", "nodes", "pci", "use"] as const;

/** A part itself, or its key in the table. */
const orKey = <T extends z.core.$ZodType>(part: T) => z.union([part, Name]);

const parts = () => ({
  driver: orKey(z.nullable(Driver)),
  parentDriver: orKey(z.nullable(Driver)),
  migration: orKey(Migration),
  pciConfig: orKey(z.nullable(PciConfig)),
  /** The key of the entry below `shared` that has the missing fields. */
  like: Name,
});

/** Some fields of an object, which is checked after merging. */
const Fields = z.nullable(z.record(Name, z.unknown()));

const SharedDevice = z.lazy(() =>
  z.partial(
    z.extend(Device._zod.innerType, {
      ...parts(),
      ...Object.fromEntries(MERGED.map((field) => [field, Fields])),
      /** Replaces `sysfs`, which is `directory/id`. */
      directory: Text,
    }),
  )
);
const SharedType = z.lazy(() => z.partial(z.extend(DeviceType._zod.innerType, parts())));

/** Shared parts in tables by key. */
export const Shared = z.lazy(() =>
  z.partial(z.looseObject({
    drivers: z.record(Name, Driver),
    migrations: z.record(Name, Migration),
    pciConfigs: z.record(Name, PciConfig),
    /** Fields that many devices or types have. */
    devices: z.record(Name, SharedDevice),
    types: z.record(Name, SharedType),
  }))
);
export type Shared = Known<z.infer<typeof Shared>>;

/**
 * A snapshot as in files and answers, with equal parts only once, below `shared`. A device or type with `like` also has
 * the fields of that entry of `shared.devices` or `shared.types`. Its own fields override them, and the fields in
 * {@link MERGED} are merged. Each part of {@link TABLES} is either inline or a key of its table.
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
    outcomes: z.optional(z.array(OutcomeTally)),
    problems: z.array(Problem),
  })
);
export type SnapshotDocument = Known<z.infer<typeof SnapshotDocument>>;
