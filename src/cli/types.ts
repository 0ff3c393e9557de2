import { type Command, YES } from "./command.ts";
import { printList } from "./list.ts";
import { lookAtHost } from "./look.ts";
import { JSON_OUTPUT, LOOK_OPTIONS } from "./options.ts";
import { cut } from "./table.ts";
import { migrationWords } from "./words.ts";

export const command: Command = {
  about:
    `Lists mdev types by parent, and the vGPU types that SR-IOV functions can be set to, with the
number of free instances.`,
  options: [...LOOK_OPTIONS, JSON_OUTPUT],
  async run(context) {
    const snapshot = await lookAtHost(context);
    printList(context, snapshot, {
      name: "types",
      entries: snapshot.types,
      none: "No types found. No driver on this host provides mdevs or vGPUs.",
      columns: {
        TYPE: ({ type }) => type,
        PARENT: ({ parent }) => parent,
        NAME: ({ name }) => cut(name ?? "-", 32),
        FREE: ({ availableInstances }) => String(availableInstances ?? "?"),
        CREATED: ({ instances }) => String(instances.length),
        API: ({ deviceApi }) => deviceApi ?? "-",
        MIGRATION: ({ migration }) => migrationWords(migration),
      },
    });
    return YES;
  },
};
