import * as z from "zod/mini";
import type { Known } from "./known.ts";
import { Migration } from "./migration.ts";
import { PciConfig } from "./pci_config.ts";
import { RunningVmm } from "./running_vmm.ts";
import { IDENTITY_SCHEMA } from "./schemas.ts";
import { Count, Name, NumaNode, Text } from "./text.ts";
import { DEVICE_KINDS } from "./type_name.ts";

/**
 * A host and its current boot. A device name identifies the same device only within one boot. `facts` are what the host
 * declares about itself: its IOMMU, the versions of QEMU and libvirt.
 */
export const Host = z.lazy(() =>
  z.looseObject({
    name: Name,
    kernel: Name,
    bootId: z.nullable(Name),
    facts: z.optional(z.record(Name, z.unknown())),
  })
);
export type Host = Known<z.infer<typeof Host>>;

/** The driver of a device. `module`, `version` and `srcversion` are null if it is built in or reports none. */
export const Driver = z.lazy(() =>
  z.looseObject({
    name: Name,
    module: z.nullable(Name),
    version: z.nullable(Text),
    srcversion: z.nullable(Text),
    /**
     * Identifies the load of the driver. It changes after `rmmod` and `insmod`. Two loads of one build can have
     * different parameters, so a result of one load does not apply to the next. It has no meaning on another host or
     * after a boot, so identities omit it.
     */
    load: z.optional(z.nullable(Name)),
  })
);
export type Driver = Known<z.infer<typeof Driver>>;

/** The number of bytes in a base64 text; null if it is not base64, which another check reports. */
function decodedBytes(base64: string): number | null {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) return null;
  return base64.length / 4 * 3 - (base64.match(/=*$/)?.[0].length ?? 0);
}

/** The first bytes of a device's pre-copy stream in base64, and their origin. */
export const InitialData = z.lazy(() =>
  z.looseObject({
    base64: z.base64(),
    bytes: Count,
    sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
    /** `self`, or the sibling that gave the data instead of the source. */
    origin: Name,
    /** The part of the stream; `pre-copy` by default. */
    phase: z.optional(z.enum(["pre-copy", "stop-copy"])),
  }).check(
    z.refine(({ base64, bytes }) => bytes < 0 || [bytes, null].includes(decodedBytes(base64)), {
      path: ["bytes"],
      error: "Invalid input: expected the number of bytes in base64",
    }),
  )
);
export type InitialData = Known<z.infer<typeof InitialData>>;

/**
 * The identity of a source, which it sends to ask. `type` and `deviceApi` are transparent and may be compared.
 * `version` is opaque: it goes to the target's driver and is never parsed here. `description` is for people. Null means
 * unknown, which is not the same as "no".
 */
export const Identity = z.lazy(() =>
  z.looseObject({
    schema: z.literal(IDENTITY_SCHEMA),
    id: Name,
    kind: z.enum(DEVICE_KINDS),
    host: Host,
    type: Name,
    deviceApi: z.nullable(Name),
    version: z.nullable(Text),
    description: Text,
    driver: z.nullable(Driver),
    /** The driver of its parent device; null if there is none. */
    parentDriver: z.optional(z.nullable(Driver)),
    facts: z.record(Name, z.unknown()),
    pciConfig: z.nullable(PciConfig),
    migration: Migration,
    initialData: z.nullable(InitialData),
    /** The monitor that runs the device now; missing or null if unknown. */
    vmm: z.optional(z.nullable(RunningVmm)),
    /** The source's preferences, which decide between otherwise equal configurations. */
    wish: z.optional(z.looseObject({ numaNode: z.optional(z.nullable(NumaNode)) })),
  })
);
export type Identity = Known<z.infer<typeof Identity>>;
