import { join } from "@std/path";
import { parseMatrix, readCards, readFreeQueues, readQueues } from "./ap_queues.ts";
import { readSet, unlessRefused } from "./fact.ts";
import { readAttribute } from "../attribute.ts";
import type { FactReader } from "./reader.ts";
import type { FactSubject } from "./subject.ts";

/**
 * Facts of a vfio_ap mdev: `matrix`, the set of queues assigned to it (`05.0004`); `guestMatrix`, the subset that its
 * guest has or would have; `controlDomains` (`0004`); `cards`, the types of the matrix's cards (`05 CEX7C`). A guest
 * can continue only if it finds the same queues: the target's matrix must have them, or `queuesFree` of its type.
 *
 * Source: `<mdev>/{matrix,control_domains}` since 4.20 and `guest_matrix` since 6.0,
 * `drivers/s390/crypto/vfio_ap_ops.c`; `/sys/bus/ap/devices/cardXX/type`.
 */
export const AP_MATRIX: FactReader = {
  name: "apMatrix",
  of: "subject",
  appliesTo: (subject) => isOfVfioAp(subject) && subject.device !== null,
  read: ({ roots, device }) => {
    const { path } = device!;
    const matrix = readMatrix(join(path, "matrix"));
    return {
      matrix,
      guestMatrix: readMatrix(join(path, "guest_matrix")),
      controlDomains: readSet(join(path, "control_domains")),
      cards: matrix === null ? null : readCards(roots, matrix),
    };
  },
};

/**
 * Facts of the one type that vfio_ap has on its `matrix` parent: `queues`, all queues on this host; `queuesFree`, those
 * that could be assigned now; `cards`, the types of all cards.
 *
 * Source: see {@link readQueues}, {@link readFreeQueues} and {@link readCards}.
 */
export const AP_QUEUES: FactReader = {
  name: "apQueues",
  of: "host",
  appliesTo: (subject) => isOfVfioAp(subject) && subject.device === null,
  read: ({ roots, typePath }) => {
    const queues = readQueues(roots);
    return {
      queues,
      queuesFree: readFreeQueues(roots, typePath!),
      cards: queues === null ? null : readCards(roots, queues),
    };
  },
};

function isOfVfioAp({ kind, type }: FactSubject): boolean {
  return kind === "mdev" && type.startsWith("vfio_ap-");
}

function readMatrix(path: string): readonly string[] | null {
  const text = unlessRefused(() => readAttribute(path));
  return text === null ? null : parseMatrix(text);
}
