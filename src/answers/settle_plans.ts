import type { SettledPlacement, SettledPlan } from "../moves/mod.ts";
import type { Placement, Plan } from "../judge/joint/mod.ts";
import type { Identity, Snapshot, VirtualMachine } from "../documents/mod.ts";

/**
 * Gives plans their ids, and each placement the name that its device has on this host.
 *
 * The id is a hash of the host's boot, of the sources and of the plan, so the same answer has the same ids. A new mdev
 * has the UUID of the source if no device of this host has it, because then the domain XML fits as it is. Otherwise its
 * UUID follows from the id of the plan: the same question gives the same commands.
 */
export async function settlePlans(
  plans: readonly Plan[],
  { snapshot, sources, machine }: {
    snapshot: Snapshot;
    sources: readonly Identity[];
    machine: VirtualMachine | null;
  },
): Promise<SettledPlan[]> {
  const { name, bootId } = snapshot.host;
  const of = await hash([name, bootId, sources, machine?.uuid, machine?.libvirt]);
  const taken = new Set([
    ...snapshot.devices.map(({ id }) => id),
    ...snapshot.types.flatMap(({ instances }) => instances),
  ]);
  const settled: SettledPlan[] = [];
  for (const plan of plans) {
    const id = (await hash([of, plan])).slice(0, 32);
    const placements: SettledPlacement[] = [];
    const used = new Set(taken);
    for (const placement of plan.placements) {
      const target = await targetOf(placement, { id, used });
      used.add(target);
      placements.push({ ...placement, target });
    }
    settled.push({ id, ...plan, placements });
  }
  return settled;
}

async function targetOf(
  { source, configuration: { kind, id, parent = "" } }: Placement,
  { id: plan, used }: { id: string; used: ReadonlySet<string> },
): Promise<string> {
  if (kind === "device") return id ?? "";
  // The type is set on a virtual function, which exists.
  if (kind === "vgpu-type") return parent;
  if (UUID.test(source) && !used.has(source)) return source;
  for (let attempt = 0;; attempt++) {
    const uuid = toUuid(await hash([plan, source, attempt]));
    if (!used.has(uuid)) return uuid;
  }
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A UUID of version 8 (RFC 9562) from a hash. */
function toUuid(hex: string): string {
  const variant = (parseInt(hex[16]!, 16) & 3 | 8).toString(16);
  const digits = `${hex.slice(0, 12)}8${hex.slice(13, 16)}${variant}${hex.slice(17, 32)}`;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** The SHA-256 of a value as JSON, in hexadecimal. */
async function hash(value: unknown): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return digest.toHex();
}
