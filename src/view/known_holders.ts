import { join } from "@std/path";
import type { Snapshot } from "../documents/mod.ts";
import { type Holders, type HostRoots, readBinding } from "../host/mod.ts";

/**
 * The holders that a snapshot names, without those of devices that were bound again since: the kernel may have given
 * their nodes to other devices. A few stat(2) calls for each holder. Source: `<device>/driver`, see
 * {@link readBinding}.
 */
export function knownHolders({ sys }: HostRoots, { devices }: Snapshot): Holders {
  const byNode = devices.flatMap(({ use: { holder }, sysfs, bound }) => {
    if (holder === null) return [];
    const isSame = readBinding(join(sys, sysfs.slice("/sys".length))) === (bound ?? null);
    return isSame ? [[holder.node, holder] as const] : [];
  });
  return {
    byNode: new Map(byNode),
    complete: !devices.some(({ use }) => use.state === "unknown"),
  };
}
