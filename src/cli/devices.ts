import { listDocument } from "../answers/mod.ts";
import { type Command, YES } from "./command.ts";
import { json, lookAtHost } from "./look.ts";
import { JSON_OUTPUT, LOOK_OPTIONS } from "./options.ts";
import { cut, formatTable } from "./table.ts";
import {
  driverWords,
  migrationWords,
  observedWords,
  snapshotWords,
  trackingWords,
  useWords,
} from "./words.ts";

export const command: Command = {
  args: "",
  about:
    `Lists every device that is bound to a VFIO driver, on any bus, with its holder and its migration
support. Opens idle devices as --probe says: by default one device of each class, once after each
load of its driver.`,
  options: [...LOOK_OPTIONS, JSON_OUTPUT],
  async run(context) {
    const snapshot = await lookAtHost(context);
    const { devices } = snapshot;
    if (context.options.json) {
      context.terminal.out(json(listDocument(snapshot, "devices")));
      return YES;
    }
    context.terminal.out(snapshotWords(snapshot) + "\n");
    if (devices.length === 0) {
      context.terminal.out(
        "No VFIO devices found. Bind a device to vfio-pci, or create an mdev.\n",
      );
      return YES;
    }
    context.terminal.out(formatTable(
      ["DEVICE", "TYPE", "DRIVER", "USE", "MIGRATION", "OBSERVED", "DIRTY PAGES", "NUMA"],
      devices.map((device) => [
        device.id,
        cut(device.type, 40),
        driverWords(device),
        useWords(device.use),
        migrationWords(device.migration),
        observedWords(device.migration),
        trackingWords(device.migration),
        device.numaNode === null || device.numaNode < 0 ? "-" : String(device.numaNode),
      ]),
    ));
    return YES;
  },
};
