/**
 * Fewer bytes were moved than a whole answer has: a register was read or written in part, or a stream ended before the
 * size that its driver reported. There is no errno, and the moved bytes mean nothing.
 */
export class ShortTransfer extends Error {
  constructor(what: string, { moved, wanted }: { moved: number; wanted: number }) {
    super(`${what}: ${moved} of ${wanted} bytes`);
    this.name = "ShortTransfer";
  }
}
