import type { Identity, VirtualMachine } from "../documents/mod.ts";
import type { Plan } from "../judge/joint/mod.ts";

/** The id of a plan: the same for the same sources, machine, host and placements. */
export async function planId(
  { placements }: Plan,
  { sources, machine, host }: {
    sources: readonly Identity[];
    machine: VirtualMachine | null;
    host: string;
  },
): Promise<string> {
  const { name = null, uuid = null, libvirt = null } = machine ?? {};
  const text = JSON.stringify([
    host,
    name,
    uuid,
    libvirt?.xml ?? null,
    sources.map((source) => [source.host.name, source.id]),
    placements.map(({ source, configuration }) => [source, configuration]),
  ]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).slice(0, 8).toHex();
}
