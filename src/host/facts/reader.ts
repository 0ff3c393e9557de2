import type { Facts } from "./fact.ts";
import { remembered } from "../scan_cache.ts";
import type { FactSubject } from "./subject.ts";

/** One row of the table: which facts, of which subjects, read from where. */
export interface FactReader {
  name: string;
  /** The owner of the facts. Facts of a parent or of the host are read once per scan. */
  of: "subject" | "parent" | "host";
  /** Whether a subject has these facts. Decides from known data, without a read. */
  appliesTo(subject: FactSubject): boolean;
  read(subject: FactSubject): Facts;
}

/** The facts of all readers that apply to a subject. */
export function readFacts(readers: readonly FactReader[], subject: FactSubject): Facts {
  const read = (reader: FactReader) => {
    const key = cacheKey(reader, subject);
    return key === null ? reader.read(subject) : remembered(
      subject.cache,
      key,
      () => reader.read(subject),
    );
  };
  return Object.assign({}, ...readers.filter((reader) => reader.appliesTo(subject)).map(read));
}

/** Whether a subject is a virtual function bound to a driver. */
export function isFunctionOf(driver: string): FactReader["appliesTo"] {
  return (subject) => subject.driver === driver && isVirtualFunction(subject);
}

/** Whether a subject is a PCI virtual function. */
export function isVirtualFunction({ kind, parent }: FactSubject): boolean {
  return kind === "pci" && parent !== null;
}

function cacheKey({ name, of }: FactReader, { parent }: FactSubject): string | null {
  if (of === "subject") return null;
  return of === "host" ? name : `${name} ${parent?.id}`;
}
