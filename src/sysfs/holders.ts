import { join } from "@std/path";
import type { Holder } from "../identity/mod.ts";
import { listDirectory, readAttribute, readLink } from "./attribute.ts";
import type { HostRoots } from "./roots.ts";

/** Which processes have VFIO nodes open. */
export interface Holders {
  /** By node, `/dev/vfio/12` or `/dev/vfio/devices/vfio3`. */
  byNode: ReadonlyMap<string, Holder>;
  /** Whether every process could be looked into; where not, a device that nobody holds may be held. */
  complete: boolean;
}

const NODE = /^\/dev\/vfio\/(\d+|noiommu-\d+|devices\/vfio\d+)$/;

/** How many processes are looked into before others get a turn. */
const BATCH = 64;

/**
 * Who holds which VFIO node, without opening any.
 *
 * Source: `/proc/P/fd/*`, `/proc/P/comm`. A process that ends meanwhile is passed over. Processes in
 * `except` (this program's own children) do not count.
 */
export async function readHolders(
  { proc }: HostRoots,
  except: ReadonlySet<number> = new Set(),
): Promise<Holders> {
  const byNode = new Map<string, Holder>();
  let complete = true;
  let looked = 0;
  const processes = listDirectory(proc).filter((name) => /^\d+$/.test(name));
  if (processes.length === 0) complete = false;
  for (const name of processes) {
    const pid = Number(name);
    if (pid === Deno.pid || except.has(pid)) continue;
    if (++looked % BATCH === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    const nodes = readNodesOf(join(proc, name));
    if (nodes === null) complete = false;
    for (const node of nodes ?? []) {
      byNode.set(node, { pid, name: readName(join(proc, name)), node });
    }
  }
  return { byNode, complete };
}

/** A process's name, `?` where it is gone or may not be seen. */
function readName(process: string): string {
  try {
    return readAttribute(join(process, "comm")) ?? "?";
  } catch {
    return "?";
  }
}

/** The VFIO nodes that a process has open, null where that is not for us to see. */
function readNodesOf(process: string): string[] | null {
  try {
    return listDirectory(join(process, "fd")).flatMap((fd) => {
      const link = readLink(join(process, "fd", fd));
      return link !== null && NODE.test(link) ? [link] : [];
    });
  } catch {
    return null;
  }
}
