import type { PciDifference } from "../vmm/mod.ts";

/** Registers by name and offset, with the values of both sides. */
export interface ToldDifferences {
  names: string;
  source: string;
  host: string;
}

/** The largest number of registers in a reason. */
const NAMED = 6;

/** Describes differences for a reason. */
export function tellDifferences(differences: readonly PciDifference[]): ToldDifferences {
  const shown = differences.slice(0, NAMED);
  const more = differences.length - shown.length;
  const place = ({ field: { name, at, bytes } }: PciDifference) =>
    bytes === 0 ? name : `${name} at 0x${at.toString(16)}`;
  const values = (side: "source" | "target") =>
    shown.map((difference) => `${place(difference)} ${difference[side]}`).join(", ");
  return {
    names: shown.map(place).join(", ") + (more === 0 ? "" : `, and ${more} more`),
    source: values("source"),
    host: values("target"),
  };
}
