import * as z from "zod/mini";
import type { Known } from "./known.ts";
import { Migration } from "./migration.ts";
import { PciConfig } from "./pci_config.ts";
import { RunningVmm } from "./running_vmm.ts";
import { IDENTITY_SCHEMA } from "./schemas.ts";
import { Count, Name, NumaNode, Text } from "./text.ts";
import { DEVICE_KINDS } from "./type_name.ts";

/**
 * A host, and which of its boots: a device is the same one only within one boot. `facts` are what it declares of
 * itself: its IOMMU, the versions of QEMU and libvirt.
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

/** The driver behind a device; `module`, `version` and `srcversion` are null where it is built in or says none. */
export const Driver = z.lazy(() =>
  z.looseObject({
    name: Name,
    module: z.nullable(Name),
    version: z.nullable(Text),
    srcversion: z.nullable(Text),
    /**
     * Which load of the driver it is: another one after `rmmod` and `insmod`. Two loads of one build can differ in
     * their parameters, so what one said does not hold for the next. Means nothing on another host or after a boot,
     * so identities leave it out.
     */
    load: z.optional(z.nullable(Name)),
  })
);
export type Driver = Known<z.infer<typeof Driver>>;

/** How many bytes a base64 text stands for, null where it is none, which is another complaint. */
function decodedBytes(base64: string): number | null {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) return null;
  return base64.length / 4 * 3 - (base64.match(/=*$/)?.[0].length ?? 0);
}

/** The first bytes of a device's pre-copy stream, in base64, and where they came from. */
export const InitialData = z.lazy(() =>
  z.looseObject({
    base64: z.base64(),
    bytes: Count,
    sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
    /** `self`, or the sibling that gave it in the source's place. */
    origin: Name,
    /** Which part of the stream it is; `pre-copy` where it does not say. */
    phase: z.optional(z.enum(["pre-copy", "stop-copy"])),
  }).check(
    z.refine(({ base64, bytes }) => bytes < 0 || [bytes, null].includes(decodedBytes(base64)), {
      path: ["bytes"],
      error: "Invalid input: not the number of bytes in base64",
    }),
  )
);
export type InitialData = Known<z.infer<typeof InitialData>>;

/**
 * The identity of a source: what it writes to ask. `type` and `deviceApi` are transparent and may be
 * compared by anybody; `version` is opaque, handed to the target's driver and never parsed here;
 * `description` is for people. What is not known is null, which is not the same as "no".
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
    /** The driver of the device that it was made on, null where there is none. */
    parentDriver: z.optional(z.nullable(Driver)),
    facts: z.record(Name, z.unknown()),
    pciConfig: z.nullable(PciConfig),
    migration: Migration,
    initialData: z.nullable(InitialData),
    /** What runs the device now, left out or null where that is not known. */
    vmm: z.optional(z.nullable(RunningVmm)),
    /** What the source would like, and which decides between configurations that are else as good. */
    wish: z.optional(z.looseObject({ numaNode: z.optional(z.nullable(NumaNode)) })),
  })
);
export type Identity = Known<z.infer<typeof Identity>>;
