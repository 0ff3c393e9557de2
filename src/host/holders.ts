import type { Holder } from "../documents/mod.ts";
import { listDirectory, readAttribute, readLink } from "./attribute.ts";
import type { HostRoots } from "./roots.ts";
import { takeTurns, type Turns } from "./turns.ts";

/** Which processes have VFIO nodes open. */
export interface Holders {
  /** By node: `/dev/vfio/12` or `/dev/vfio/devices/vfio3`. */
  byNode: ReadonlyMap<string, Holder>;
  /** Whether every process could be inspected. If not, a device without a known holder may still be held. */
  complete: boolean;
}

const NODE = /^\/dev\/vfio\/(\d+|noiommu-\d+|devices\/vfio\d+)$/;

/**
 * Which process holds which VFIO node. Opens no node.
 *
 * Source: `/proc/P/fd/*`, `/proc/P/comm`. Skips processes that end during the scan, and those in `except` (this
 * program's own children).
 */
export async function readHolders(
  { proc }: HostRoots,
  except: ReadonlySet<number> = new Set(),
  turns: Turns = takeTurns(),
): Promise<Holders> {
  const byNode = new Map<string, Holder>();
  let complete = true;
  const processes = listDirectory(proc).filter((name) => /^\d+$/.test(name));
  if (processes.length === 0) complete = false;
  for (const name of processes) {
    const pid = Number(name);
    if (pid === Deno.pid || except.has(pid)) continue;
    await turns.pause();
    const process = `${proc}/${name}`;
    const nodes = await readNodesOf(process, turns);
    if (nodes === null) complete = false;
    for (const node of nodes ?? []) byNode.set(node, { pid, name: readName(process), node });
  }
  return { byNode, complete };
}

/** The name of a process, or `?` if the process is gone or cannot be inspected. */
function readName(process: string): string {
  try {
    return readAttribute(`${process}/comm`) ?? "?";
  } catch {
    return "?";
  }
}

/** The VFIO nodes that a process has open, or null without permission to look. */
async function readNodesOf(process: string, turns: Turns): Promise<string[] | null> {
  const nodes: string[] = [];
  try {
    for (const fd of listDirectory(`${process}/fd`)) {
      await turns.pause();
      const link = readLink(`${process}/fd/${fd}`);
      if (link !== null && NODE.test(link)) nodes.push(link);
    }
    return nodes;
  } catch {
    return null;
  }
}
