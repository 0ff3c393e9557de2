import { join } from "@std/path";
import { listDirectory, readAttribute } from "../attribute.ts";
import type { HostRoots } from "../roots.ts";
import { readText, toSet, unlessRefused } from "./fact.ts";

/** An AP queue number: card and domain, `05.0004`. */
const APQN = /^[0-9a-f]{2}\.[0-9a-f]{4}$/;

/**
 * The set of AP queues in a matrix: its complete lines, `05.0004`. A matrix with cards but no domains, or domains but
 * no cards, lists only these (`05.`, `.0004`). That is not a queue yet.
 */
export function parseMatrix(text: string): readonly string[] {
  return toSet(text.split("\n").filter((line) => APQN.test(line)));
}

/** The AP queues that exist on this host. Source: `/sys/bus/ap/devices/XX.YYYY`, `drivers/s390/crypto/ap_bus.c`. */
export function readQueues({ sys }: HostRoots): readonly string[] | null {
  return readQueuesIn(join(sys, "bus/ap/devices"));
}

/**
 * The AP queues that a new matrix mdev could be assigned now and would pass to its guest: bound to vfio_ap, and in no
 * mdev's matrix. Null if a matrix cannot be read, because it may contain any queue.
 *
 * The binding decides, not `/sys/bus/ap/{apmask,aqmask}`. The bus binds a queue that is in both masks to a default
 * driver and any other queue to vfio_ap. It rebinds immediately when a mask changes. A queue that the masks free but
 * vfio_ap does not drive (older than CEX4) can be assigned, but no guest would get it.
 *
 * Source: `/sys/bus/ap/drivers/vfio_ap/XX.YYYY`, `ap_device_probe` in `drivers/s390/crypto/ap_bus.c` and
 * `vfio_ap_mdev_filter_matrix` in `drivers/s390/crypto/vfio_ap_ops.c`; `<type>/devices/M/matrix`, since 4.20.
 */
export function readFreeQueues({ sys }: HostRoots, typePath: string): readonly string[] | null {
  const bound = readQueuesIn(join(sys, "bus/ap/drivers/vfio_ap"));
  const assigned = unlessRefused(() => {
    const mdevs = join(typePath, "devices");
    const read = (name: string) => readAttribute(join(mdevs, name, "matrix")) ?? "";
    return new Set(listDirectory(mdevs).flatMap((name) => parseMatrix(read(name))));
  });
  if (bound === null || assigned === null) return null;
  return bound.filter((queue) => !assigned.has(queue));
}

/**
 * The type and mode of each queue's card, as a set of `05 CEX7C`. Cards that report no type are left out. C is a CCA
 * coprocessor, P an EP11 coprocessor, A an accelerator.
 *
 * Source: `/sys/bus/ap/devices/cardXX/type`, `drivers/s390/crypto/zcrypt_card.c`.
 */
export function readCards({ sys }: HostRoots, queues: readonly string[]): readonly string[] {
  const cards = toSet(queues.map((queue) => queue.slice(0, 2)));
  return toSet(cards.map((card) => {
    const type = readText(join(sys, "bus/ap/devices", `card${card}`, "type"));
    return type === null ? "" : `${card} ${type}`;
  }));
}

function readQueuesIn(folder: string): readonly string[] | null {
  const names = unlessRefused(() => listDirectory(folder));
  return names === null ? null : toSet(names.filter((name) => APQN.test(name)));
}
