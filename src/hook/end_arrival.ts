import { join } from "@std/path";
import type { HostRoots } from "../host/mod.ts";
import { removeMdev } from "./make_devices.ts";
import { type ArrivalRecord, withRecords } from "./records.ts";

/** Where libvirt keeps what QEMU wrote to standard error, by machine. */
export const QEMU_LOGS = "/var/log/libvirt/qemu";

/** How a migration ended: `gone` if this is not known. */
export type Ending = { result: "ok" } | { result: "failed"; message: string | null } | {
  result: "gone";
};

/** What {@link endArrival} needs. */
export interface EndWorld {
  roots: HostRoots;
  runDirectory: string;
  /** Records the outcome of a device's migration; a sentence if it cannot be recorded. */
  report: (
    record: ArrivalRecord,
    device: ArrivalRecord["devices"][number],
    ending: Exclude<Ending, { result: "gone" }>,
  ) => Promise<string | null>;
}

/**
 * Ends a record: reports the outcome, removes what was made for a machine that does not run here, and removes the
 * record. Gives lines for the log. Does nothing without a record, or if it is not the one of this `id`.
 */
export async function endArrival(
  { name, id }: { name: string; id: string | null },
  ending: Ending,
  { roots, runDirectory, report }: EndWorld,
): Promise<string[]> {
  const record = await withRecords(runDirectory, (records) => {
    const found = records.read(name);
    if (found === null || (id !== null && found.id !== id)) return Promise.resolve(null);
    // From here on it is nobody else's. Its devices stay claimed.
    const mine = { ...found, id: `ending-${found.id}` };
    records.write(mine);
    return Promise.resolve(mine);
  });
  if (record === null) return [];
  // Not under the lock: other machines must not wait for it.
  const lines = ending.result === "gone" ? [] : await reportAll(record, ending, report);
  return await withRecords(runDirectory, async (records) => {
    // Another attempt of the machine has taken over what was made.
    if (records.read(name)?.id !== record.id) return lines;
    for (const uuid of ending.result === "ok" ? [] : record.made) {
      const done = await removeMdev(roots, uuid);
      lines.push(done === "kept" ? `kept ${uuid}, which is in use` : `removed ${uuid}`);
    }
    records.remove(name);
    return lines;
  });
}

async function reportAll(
  record: ArrivalRecord,
  ending: Exclude<Ending, { result: "gone" }>,
  report: EndWorld["report"],
): Promise<string[]> {
  if (ending.result === "failed" && record.devices.length > 1) {
    return [
      "the migration failed; not recorded, because it does not show which device was the cause",
    ];
  }
  const lines = [];
  for (const device of record.devices) {
    const why = await report(record, device, ending);
    const what = `${device.source.id} on ${device.device}: ${ending.result}`;
    lines.push(why === null ? `recorded ${what}` : `cannot record ${what}: ${why}`);
  }
  return lines;
}

const TAIL_BYTES = 16 << 10;
const MOST_MESSAGE = 2000;

/**
 * What QEMU wrote since its last start, without its command line; null if it wrote nothing or this is not known.
 * Source: the log of the machine below {@link QEMU_LOGS}.
 */
export function readQemuMessage(name: string, directory = QEMU_LOGS): string | null {
  let text: string;
  try {
    using file = Deno.openSync(join(directory, `${name}.log`));
    const { size } = file.statSync();
    file.seekSync(Math.max(0, size - TAIL_BYTES), Deno.SeekMode.Start);
    const bytes = new Uint8Array(TAIL_BYTES);
    text = new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0));
  } catch {
    return null;
  }
  const lines = text.split("\n");
  const start = lines.findLastIndex((line) => /: starting up libvirt version/.test(line));
  // Lines of QEMU: `2026-…Z qemu-system-x86_64: error while loading state …`.
  const said = lines.slice(start + 1).filter((line) => /\bqemu[\w-]*: /.test(line));
  return said.length === 0 ? null : said.join("\n").slice(-MOST_MESSAGE);
}
