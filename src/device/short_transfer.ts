/**
 * Fewer bytes were moved than make an answer: of a register that is read or written whole, or of a stream that ends
 * before its driver's own measure. It is no errno, and what was moved says nothing.
 */
export class ShortTransfer extends Error {
  constructor(what: string, { moved, wanted }: { moved: number; wanted: number }) {
    super(`${what}: ${moved} of ${wanted} bytes`);
    this.name = "ShortTransfer";
  }
}
