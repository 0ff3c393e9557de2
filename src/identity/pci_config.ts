import * as z from "zod/mini";
import type { Known } from "./known.ts";
import { PciSpace } from "./pci_space.ts";

/** One entry of a capability list: id and offset in hexadecimal; `vectors` of MSI and MSI-X. */
export const PciCapability = z.lazy(() =>
  z.looseObject({
    id: z.string(),
    name: z.string(),
    offset: z.string(),
    vectors: z.optional(z.number()),
  })
);
export type PciCapability = Known<z.infer<typeof PciCapability>>;

/** A base address register that is in use: its size in bytes and what it decodes. */
export const PciBar = z.lazy(() =>
  z.looseObject({
    index: z.number(),
    size: z.number(),
    kind: z.enum(["mem32", "mem64", "io"]),
    prefetchable: z.boolean(),
  })
);
export type PciBar = Known<z.infer<typeof PciBar>>;

/**
 * The PCI configuration as the guest sees it: the configuration space, which QEMU compares between source and target
 * byte by byte, and what people and rules read of it, in lower-case hexadecimal as sysfs writes it without `0x`. Without
 * `space` it is not known what QEMU would find.
 */
export const PciConfig = z.lazy(() =>
  z.looseObject({
    vendor: z.string(),
    device: z.string(),
    revision: z.string(),
    class: z.string(),
    subsystem: z.string(),
    capabilities: z.array(PciCapability),
    extendedCapabilities: z.optional(z.array(PciCapability)),
    bars: z.array(PciBar),
    space: z.optional(PciSpace),
  })
);
export type PciConfig = Known<z.infer<typeof PciConfig>>;
