import { basename, join } from "@std/path";
import { runProgram } from "../children/mod.ts";
import { type Create, Failure } from "../documents/mod.ts";
import { type HostRoots, readHolders } from "../host/mod.ts";

/** How long mdevctl may take. */
const MDEVCTL_MS = 5_000;

/** How long the kernel may take until a new mdev is there. */
const APPEARS_MS = 1_000;

const MDEVCTL = ["/usr/sbin/mdevctl", "/usr/bin/mdevctl", "/usr/local/sbin/mdevctl"];

/** An mdev to make. */
export interface NewMdev {
  uuid: string;
  type: string;
  parent: string;
  create: Create | null;
}

/** Whether an mdev of this UUID exists. Source: `/sys/bus/mdev/devices`. */
export function isMdev({ sys }: Pick<HostRoots, "sys">, uuid: string): boolean {
  return exists(join(sys, "bus/mdev/devices", uuid));
}

/**
 * Makes an mdev with mdevctl if the host has it and no attribute must be set, otherwise through sysfs. Effect: makes a
 * device. Throws a {@link Failure} if it is not there afterwards; then nothing was made.
 *
 * Source: `/sys/class/mdev_bus/PARENT/mdev_supported_types/TYPE/create`. The path follows from names of this host only.
 */
export async function makeMdev(
  roots: HostRoots,
  { uuid, type, parent, create }: NewMdev,
  programs: readonly string[] = MDEVCTL,
): Promise<void> {
  const fail = (why: string, cause?: unknown) =>
    new Failure("kernel", `Cannot make ${type} on ${parent}: ${why}`, {
      subject: parent,
      remedy: "Look at the log of the kernel.",
      cause,
    });
  const attributes = create?.attributes ?? [];
  const names = [uuid, type, parent, ...attributes.map(({ name }) => name)];
  const wrong = names.find((name) => basename(name) !== name || /^\.*$/.test(name));
  if (wrong !== undefined) throw fail(`${wrong} is no name`);
  const place = join(roots.sys, "class/mdev_bus", parent, "mdev_supported_types", type, "create");
  if (!exists(place)) throw fail("this host has no such type");
  const program = attributes.length > 0 ? undefined : programs.find(exists);
  try {
    if (program === undefined) await Deno.writeTextFile(place, uuid);
    else await start(program, ["start", "-u", uuid, "-p", parent, "-t", type]);
    for (let waitedMs = 0; !isMdev(roots, uuid); waitedMs += 20) {
      if (waitedMs > APPEARS_MS) throw new Error("it did not appear");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const { name, value } of attributes) {
      await Deno.writeTextFile(join(roots.sys, "bus/mdev/devices", uuid, name), value);
    }
  } catch (cause) {
    await removeMdev(roots, uuid);
    throw fail((cause as Error).message, cause);
  }
}

async function start(program: string, args: readonly string[]): Promise<void> {
  const ran = await runProgram(program, { args, timeoutMs: MDEVCTL_MS, mostCharacters: 64 << 10 });
  if (ran === null) throw new Error(`${program} did not end in time`);
  if (!ran.success) throw new Error(`${program}: ${ran.err.trim().slice(0, 500)}`);
}

/**
 * Removes an mdev that no process holds. Gives what was done: `gone` if there is none, `kept` if it is in use, or if the
 * kernel refuses. Effect: writes to its attribute `remove`.
 */
export async function removeMdev(
  roots: HostRoots,
  uuid: string,
): Promise<"removed" | "gone" | "kept"> {
  const device = join(roots.sys, "bus/mdev/devices", uuid);
  if (!exists(device)) return "gone";
  try {
    const { byNode } = await readHolders(roots);
    if (nodesOf(device).some((node) => byNode.has(node))) return "kept";
    await Deno.writeTextFile(join(device, "remove"), "1");
    return "removed";
  } catch {
    return exists(device) ? "kept" : "removed";
  }
}

/** The nodes through which a device can be opened, as links in /proc show them. */
function nodesOf(device: string): string[] {
  const group = linkName(join(device, "iommu_group"));
  const cdevs = exists(join(device, "vfio-dev"))
    ? Array.from(Deno.readDirSync(join(device, "vfio-dev")), ({ name }) => name)
    : [];
  return [
    ...group === null ? [] : [`/dev/vfio/${group}`, `/dev/vfio/noiommu-${group}`],
    ...cdevs.map((name) => `/dev/vfio/devices/${name}`),
  ];
}

function linkName(path: string): string | null {
  try {
    return basename(Deno.readLinkSync(path));
  } catch {
    return null;
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
