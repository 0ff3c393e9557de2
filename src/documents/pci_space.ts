import * as z from "zod/mini";
import type { Known } from "./known.ts";

const PCI_CFG_SPACE_EXP_SIZE = 4096;

/**
 * A configuration space as in the device's configuration region: its size, and its bytes in base64 up to the last
 * nonzero byte.
 */
export const PciSpace = z.lazy(() =>
  z.looseObject({
    bytes: z.number().check(z.minimum(64), z.maximum(PCI_CFG_SPACE_EXP_SIZE)),
    base64: z.base64().check(z.maxLength(Math.ceil(PCI_CFG_SPACE_EXP_SIZE / 3) * 4)),
  })
);
export type PciSpace = Known<z.infer<typeof PciSpace>>;

/** Encodes a configuration space without trailing zeros. */
export function packPciSpace(space: Uint8Array): PciSpace {
  const end = space.findLastIndex((byte) => byte !== 0) + 1;
  return { bytes: space.length, base64: space.subarray(0, end).toBase64() };
}

/** All bytes of a configuration space. */
export function unpackPciSpace({ bytes, base64 }: PciSpace): Uint8Array<ArrayBuffer> {
  const space = new Uint8Array(bytes);
  space.set(Uint8Array.fromBase64(base64).subarray(0, bytes));
  return space;
}
