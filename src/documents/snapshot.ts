import * as z from "zod/mini";
import { codeField } from "./code.ts";
import type { Known } from "./known.ts";
import { Driver, type Host } from "./identity.ts";
import { Check, Migration, TRACKING_RESULTS } from "./migration.ts";
import type { OutcomeTally } from "./outcome.ts";
import { PciConfig } from "./pci_config.ts";
import { Problem } from "./problem.ts";
import type { RulesFile } from "./rules.ts";
import type { SNAPSHOT_SCHEMA } from "./schemas.ts";
import { Count, Name, NumaNode, Text } from "./text.ts";
import { DEVICE_KINDS } from "./type_name.ts";

/** The holder of a device: a process by pid and name, and the node that it has open. */
export const Holder = z.lazy(() => z.looseObject({ pid: Count, name: Text, node: Text }));
export type Holder = Known<z.infer<typeof Holder>>;

/** Whether a device is in use, from `/proc` or a refused open. `unknown`: `/proc` could not be read completely. */
export const Use = z.lazy(() =>
  z.looseObject({
    state: z.enum(["idle", "in-use", "unknown"]),
    holder: z.nullable(Holder),
  })
);
export type Use = Known<z.infer<typeof Use>>;

/** A vendor's opaque version: the text of its attribute, or the errno of reading it. */
export const Version = z.lazy(() =>
  z.looseObject({
    path: Text,
    version: z.nullable(Text),
    errno: z.nullable(Name),
  })
);
export type Version = Known<z.infer<typeof Version>>;

/** A VFIO device of this host: its state in sysfs, its holder, and what is known about its migration. */
export const Device = z.lazy(() =>
  z.looseObject({
    id: Name,
    kind: z.enum(DEVICE_KINDS),
    sysfs: Text,
    type: Name,
    description: Text,
    deviceApi: z.nullable(Name),
    driver: z.nullable(Driver),
    /** Identifies the binding of the driver. It changes after unbind and bind, and for a recreated mdev. */
    bound: z.optional(z.nullable(Name)),
    parentDriver: z.nullable(Driver),
    parent: z.nullable(Name),
    modalias: z.nullable(Name),
    pci: z.nullable(z.looseObject({
      vendor: Name,
      device: Name,
      revision: Name,
      class: Name,
      subsystem: Name,
      function: z.enum(["physical", "virtual"]),
      virtualFunctions: z.array(Name),
    })),
    numaNode: z.nullable(NumaNode),
    iommuGroup: z.nullable(z.looseObject({
      id: Name,
      name: z.nullable(Name),
      type: z.nullable(Name),
    })),
    nodes: z.looseObject({ cdev: z.nullable(Text), group: z.nullable(Text) }),
    /** When its node appeared, in milliseconds since 1970; null if it has none. */
    since: z.nullable(Count),
    facts: z.record(Name, z.unknown()),
    use: Use,
    /** Null if the kernel has no such attribute, as in mainline kernels. */
    version: z.optional(z.nullable(Version)),
    /**
     * The migration state in which the idle device was found, such as `running`. Null if it is not known since a
     * process let go of the device. Missing if nobody has looked, or if the device is in use.
     */
    state: z.optional(z.nullable(Name)),
    /** Why it must not be offered: it needs a reset, it is not in RUNNING, or a driver is stuck. */
    trouble: z.optional(
      z.nullable(
        z.looseObject({
          code: codeField<"stuck" | "needs-reset" | "not-running">(Name),
          sentence: Text,
        }),
      ),
    ),
    migration: Migration,
    pciConfig: z.nullable(PciConfig),
  })
);
export type Device = Known<z.infer<typeof Device>>;

/** A type of device that this host can create: an mdev type of a parent, or a vGPU type of an SR-IOV function. */
export const DeviceType = z.lazy(() =>
  z.looseObject({
    kind: z.enum(["mdev-type", "vgpu-type"]),
    type: Name,
    parent: Name,
    sysfs: Text,
    name: z.nullable(Text),
    description: z.nullable(Text),
    deviceApi: z.nullable(Name),
    /** The driver of devices of the type; null until a device shows it. */
    driver: z.nullable(Driver),
    parentDriver: z.nullable(Driver),
    availableInstances: z.nullable(Count),
    instances: z.array(Name),
    numaNode: z.nullable(NumaNode),
    facts: z.record(Name, z.unknown()),
    version: z.optional(z.nullable(Version)),
    migration: Migration,
    pciConfig: z.nullable(PciConfig),
  })
);
export type DeviceType = Known<z.infer<typeof DeviceType>>;

/** A driver's answer about one VFIO feature: `present`, `absent` (ENOTTY), or another errno. */
export const Feature = z.lazy(() =>
  z.looseObject({
    id: z.number(),
    name: z.string(),
    support: z.enum(["present", "absent", "error"]),
    errno: z.nullable(z.string()),
  })
);
export type Feature = Known<z.infer<typeof Feature>>;

/** One capability in a region's chain: `type` has `type` and `subtype`, `sparse-mmap` has `areas`. */
export const RegionCapability = z.lazy(() =>
  z.looseObject({
    id: z.number(),
    name: z.string(),
    type: z.optional(z.number()),
    subtype: z.optional(z.number()),
    areas: z.optional(z.array(z.looseObject({ offset: z.number(), size: z.number() }))),
  })
);
export type RegionCapability = Known<z.infer<typeof RegionCapability>>;

export const Region = z.lazy(() =>
  z.looseObject({
    index: z.number(),
    name: z.string(),
    size: z.number(),
    offset: z.string(),
    flags: z.array(z.string()),
    capabilities: z.array(RegionCapability),
    errno: z.nullable(z.string()),
  })
);
export type Region = Known<z.infer<typeof Region>>;

/** The test of one way of dirty page tracking by start, report and stop. */
export const DirtyTracking = z.lazy(() =>
  z.looseObject({
    result: z.enum(TRACKING_RESULTS),
    check: z.nullable(Check),
  })
);
export type DirtyTracking = Known<z.infer<typeof DirtyTracking>>;

const Versions = z.lazy(() => z.record(z.string(), z.string()));

/** What devlink declares about a PCI function: the running firmware, and whether the function may migrate. */
export const Declared = z.lazy(() =>
  z.looseObject({
    firmware: z.nullable(z.string()),
    migratable: z.nullable(z.boolean()),
    versions: z.optional(z.looseObject({ fixed: Versions, running: Versions, stored: Versions })),
  })
);
export type Declared = Known<z.infer<typeof Declared>>;

/** All capabilities that a device reported, in one document. */
export const Capabilities = z.lazy(() =>
  z.looseObject({
    device: z.string(),
    path: z.enum(["cdev", "group"]),
    iommu: z.enum(["iommufd", "type1v2", "type1", "noiommu"]),
    probedAt: z.string(),
    flags: z.array(z.string()),
    regions: z.array(Region),
    irqs: z.number(),
    features: z.array(Feature),
    state: z.nullable(z.string()),
    dirtyTracking: z.looseObject({ device: DirtyTracking, iommu: DirtyTracking }),
    v1Region: z.nullable(z.number()),
    migration: Migration,
    pciConfig: z.nullable(PciConfig),
    /** Only for a PCI function; missing if devlink failed. */
    declared: z.optional(Declared),
    problems: z.array(Problem),
  })
);
export type Capabilities = Known<z.infer<typeof Capabilities>>;

/** An immutable, numbered view of a host. Every answer names its snapshot. */
export interface Snapshot {
  schema: typeof SNAPSHOT_SCHEMA;
  snapshot: number;
  takenAt: string;
  host: Host;
  devices: Device[];
  types: DeviceType[];
  /** The rules in force, in order. With them, the snapshot gives the same answers on another host. */
  rules: RulesFile[];
  /** What became of earlier migrations to builds that this host has now; missing if it knows of none. */
  outcomes?: OutcomeTally[];
  problems: Problem[];
}
