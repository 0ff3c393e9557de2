/** Bytes of a dirty bitmap: one bit a page, in whole words of 64. */
export function bitmapBytes(length: bigint, pageSize: bigint): number {
  const pages = Number((length + pageSize - 1n) / pageSize);
  return Math.ceil(pages / 64) * 8;
}
