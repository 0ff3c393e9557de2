import type { OutcomeCause } from "../documents/mod.ts";

/** Messages of libvirt and QEMU by what they say about the cause. The first one that matches decides. */
const MESSAGES: readonly (readonly [OutcomeCause, RegExp])[] = [
  // The device is still in RESUMING after an earlier failure. Even a right state fails.
  ["other", /load of migration failed: Bad file descriptor/i],
  ["device", /error while loading state[^\n]*vfio/i],
  ["device", /load of migration failed: Bad address/i],
  ["device", /VFIO migration is not supported/i],
  ["device", /\bvfio[^\n]*(?:failed|error)[^\n]*(?:migration|device state|config space)/i],
  ["other", /device not found|is in use by driver/i],
  ["other", /Hook script execution failed/i],
  ["other", /unsupported configuration/i],
  ["other", /job '[^']*' (?:was )?cancel|cancell?ed by client/i],
  ["other", /unable to connect|connection (?:refused|reset|timed out)|cannot recv data/i],
  ["other", /No space left|Cannot allocate memory/i],
];

/**
 * The cause of a failed migration, from what libvirt or QEMU said; null if that does not show it. Pure.
 *
 * Source: QEMU 10.0 `migration/savevm.c`, `hw/vfio/migration.c`; libvirt 11.3 `src/qemu/qemu_migration.c`.
 */
export function causeOf(message: string | null): OutcomeCause | null {
  if (message === null) return null;
  return MESSAGES.find(([, pattern]) => pattern.test(message))?.[0] ?? null;
}
