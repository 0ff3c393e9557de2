import { join } from "@std/path";
import { listNames, readText, toSet } from "./fact.ts";
import { type FactReader, isFunctionOf } from "./reader.ts";

/**
 * Of a function of virtio_vfio_pci: `features`, the numbers of the feature bits that its physical one and the
 * host's driver agreed on (41 is the administration queue, which migration goes through). The features of
 * the function itself are the guest's to negotiate, and no driver of the host shows them.
 *
 * The driver compares nothing (`drivers/vfio/pci/virtio/migrate.c`, since 6.14): the device takes or
 * refuses its parts.
 *
 * Source: `<pf>/virtioN/features`, a character each, bit 0 first; `drivers/virtio/virtio.c`, since 2.6.26,
 * 64 characters long, and 128 since 6.17.
 */
export const VIRTIO: FactReader = {
  name: "virtio",
  of: "parent",
  appliesTo: isFunctionOf("virtio_vfio_pci"),
  read: ({ parent }) => {
    const name = listNames(parent!.path).find((name) => /^virtio\d+$/.test(name));
    const text = name === undefined ? null : readText(join(parent!.path, name, "features"));
    return { features: text === null ? null : parseFeatureBits(text) };
  },
};

/** The numbers of the bits that are set in text like `1101`, bit 0 first. */
export function parseFeatureBits(text: string): readonly string[] {
  return toSet(Array.from(text, (bit, number) => bit === "1" ? String(number) : ""));
}
