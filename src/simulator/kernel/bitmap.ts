/** The size of a dirty bitmap in bytes: one bit per page, in whole 64-bit words. */
export function bitmapBytes(length: bigint, pageSize: bigint): number {
  const pages = Number((length + pageSize - 1n) / pageSize);
  return Math.ceil(pages / 64) * 8;
}
