import { join } from "@std/path";
import { MIGRATION_STATES, type MigrationState } from "../documents/mod.ts";
import type { HostRoots } from "./roots.ts";

/** How many files are read at a time. */
const AT_A_TIME = 32;

/**
 * The migration states of devices, by name, without opening the devices. A device is missing if the kernel does not show
 * its state: that needs `CONFIG_VFIO_DEBUGFS`, a driver with VFIO migration v2, and root. Ask only about idle devices:
 * a driver may make the reader wait while it saves or loads a state.
 *
 * The files are read on other threads, because a driver answers each read and may hang.
 *
 * Source: `/sys/kernel/debug/vfio/<device>/migration/state`, since Linux 6.8. Effect: none.
 */
export async function readMigrationStates(
  { sys }: HostRoots,
  ids: readonly string[],
): Promise<Map<string, MigrationState>> {
  const states = new Map<string, MigrationState>();
  const top = join(sys, "kernel/debug/vfio");
  if (!await isDirectory(top)) return states;
  const names = ids.filter((id) => !id.includes("/"));
  for (let at = 0; at < names.length; at += AT_A_TIME) {
    await Promise.all(
      names.slice(at, at + AT_A_TIME).map(async (id) => {
        const text = await Deno.readTextFile(join(top, id, "migration/state")).catch(() => null);
        const state = text === null ? null : parseMigrationState(text);
        if (state !== null) states.set(id, state);
      }),
    );
  }
  return states;
}

/** Parses the kernel's name of a state: `RESUMING`, `PRE_COPY_P2P`. Null for any other text. */
export function parseMigrationState(text: string): MigrationState | null {
  const name = text.trim().toLowerCase().replaceAll("_", "-");
  return MIGRATION_STATES.find((state) => state === name) ?? null;
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false;
  }
}
