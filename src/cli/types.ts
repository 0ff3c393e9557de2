import { listDocument } from "../answers/mod.ts";
import { type Command, YES } from "./command.ts";
import { json, lookAtHost } from "./look.ts";
import { JSON_OUTPUT, LOOK_OPTIONS } from "./options.ts";
import { cut, formatTable } from "./table.ts";
import { migrationWords, snapshotWords } from "./words.ts";

export const command: Command = {
  args: "",
  about:
    `Lists mdev types by parent, and the vGPU types that SR-IOV functions can be set to, with the
number of free instances.`,
  options: [...LOOK_OPTIONS, JSON_OUTPUT],
  async run(context) {
    const snapshot = await lookAtHost(context);
    const { types } = snapshot;
    if (context.options.json) {
      context.terminal.out(json(listDocument(snapshot, "types")));
      return YES;
    }
    context.terminal.out(snapshotWords(snapshot) + "\n");
    if (types.length === 0) {
      context.terminal.out("No types found. No driver on this host provides mdevs or vGPUs.\n");
      return YES;
    }
    context.terminal.out(formatTable(
      ["TYPE", "PARENT", "NAME", "FREE", "CREATED", "API", "MIGRATION"],
      types.map((type) => [
        type.type,
        type.parent,
        cut(type.name ?? "-", 32),
        type.availableInstances === null ? "?" : String(type.availableInstances),
        String(type.instances.length),
        type.deviceApi ?? "-",
        migrationWords(type.migration),
      ]),
    ));
    return YES;
  },
};
