import type { Device } from "../documents/mod.ts";
import { type Command, YES } from "./command.ts";
import { printList } from "./list.ts";
import { lookAtHost } from "./look.ts";
import { JSON_OUTPUT, LOOK_OPTIONS } from "./options.ts";
import { cut } from "./table.ts";
import { driverWords, migrationWords, trackingWords } from "./words.ts";

export const command: Command = {
  about:
    `Lists every device that is bound to a VFIO driver, on any bus, with its holder and its migration
support. Opens idle devices as --probe says: by default one device of each class, once after each
load of its driver.`,
  options: [...LOOK_OPTIONS, JSON_OUTPUT],
  async run(context) {
    const snapshot = await lookAtHost(context);
    printList(context, snapshot, {
      name: "devices",
      entries: snapshot.devices,
      none: "No VFIO devices found. Bind a device to vfio-pci, or create an mdev.",
      columns: {
        "DEVICE": ({ id }) => id,
        "TYPE": ({ type }) => cut(type, 40),
        "DRIVER": driverWords,
        "USE": useWords,
        "MIGRATION": ({ migration }) => migrationWords(migration),
        "OBSERVED": ({ migration: { observed } }) => observed === "sysfs" ? "not probed" : observed,
        "DIRTY PAGES": ({ migration }) => trackingWords(migration),
        "NUMA": ({ numaNode }) => numaNode === null || numaNode < 0 ? "-" : String(numaNode),
      },
    });
    return YES;
  },
};

/** Whether a device is in use, and by whom; for one that must not be offered, why. */
function useWords({ use: { state, holder }, trouble, state: migrationState }: Device): string {
  if (holder !== null) return `${state} ${holder.name}[${holder.pid}]`;
  if (!trouble) return state;
  return migrationState == null ? trouble.code : `${trouble.code} (${migrationState})`;
}
