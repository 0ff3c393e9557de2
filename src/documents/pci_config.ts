import * as z from "zod/mini";
import type { Known } from "./known.ts";
import { PciSpace } from "./pci_space.ts";
import { Count, Name } from "./text.ts";

/** One entry of a capability list: id and offset in hexadecimal; `vectors` for MSI and MSI-X. */
export const PciCapability = z.lazy(() =>
  z.looseObject({
    id: Name,
    name: Name,
    offset: Name,
    vectors: z.optional(Count),
  })
);
export type PciCapability = Known<z.infer<typeof PciCapability>>;

/** A base address register in use: its size in bytes and what it decodes. */
export const PciBar = z.lazy(() =>
  z.looseObject({
    index: Count,
    size: Count,
    kind: z.enum(["mem32", "mem64", "io"]),
    prefetchable: z.boolean(),
  })
);
export type PciBar = Known<z.infer<typeof PciBar>>;

/**
 * The PCI configuration as the guest sees it: the configuration space, which QEMU compares between source and target
 * byte by byte, and decoded fields for people and rules, in lower-case hexadecimal as in sysfs but without `0x`. Without
 * `space`, it is unknown what QEMU would find.
 */
export const PciConfig = z.lazy(() =>
  z.looseObject({
    vendor: Name,
    device: Name,
    revision: Name,
    class: Name,
    subsystem: Name,
    capabilities: z.array(PciCapability),
    extendedCapabilities: z.optional(z.array(PciCapability)),
    bars: z.array(PciBar),
    space: z.optional(PciSpace),
  })
);
export type PciConfig = Known<z.infer<typeof PciConfig>>;
