import type { MigrationState } from "../documents/mod.ts";
import { readJournal } from "../state/mod.ts";
import type { World } from "./world.ts";

/**
 * The migration states of idle devices by name, as far as the kernel shows them. A state other than RUNNING is given
 * only if it is not the work of a vfio-ask: a test takes a device out of RUNNING and back, and has an entry in the
 * journal in the meantime.
 *
 * Source: `Access.readStates`, and the journal of the state directory. Effect: none. No state is known if the access
 * fails.
 */
export async function readStates(
  { access, stateDirectory }: Pick<World, "access" | "stateDirectory">,
  ids: readonly string[],
  bootId: string | null,
): Promise<Map<string, MigrationState>> {
  const read = (of: readonly string[]) =>
    access.readStates(of).catch(() => new Map<string, MigrationState>());
  const states = await read(ids);
  const unusual = [...states].flatMap(([id, state]) => state === "running" ? [] : [id]);
  if (unusual.length === 0) return states;
  const entries = readJournal(stateDirectory, bootId);
  const atWork = new Set(entries.flatMap(({ device, alive }) => alive ? [device] : []));
  // Read again: a test may have begun before the first read, and ended before the journal was read.
  const again = await read(unusual.filter((id) => !atWork.has(id)));
  for (const id of unusual) {
    const state = again.get(id);
    if (state === undefined) states.delete(id);
    else states.set(id, state);
  }
  return states;
}
