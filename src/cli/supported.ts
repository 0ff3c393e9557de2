import { listSupported } from "../judge/ask/mod.ts";
import { type Command, NO, UNKNOWN, YES } from "./command.ts";
import { printList } from "./list.ts";
import { lookAtHost } from "./look.ts";
import { JSON_OUTPUT, LOOK_OPTIONS, text } from "./options.ts";
import { readSnapshotFile } from "./read_document.ts";
import { cut } from "./table.ts";

export const command: Command = {
  about:
    `Lists the types of sources that this host can accept, without a source: the types on this host,
and the types that rules accept as their sources, with the requirements of the rule and the number
of free instances.

Exit code 0 if there is any, 3 if this is unknown, 1 if there is none.`,
  options: [
    { name: "snapshot", value: "FILE", help: "Use the host in this snapshot file" },
    ...LOOK_OPTIONS,
    JSON_OUTPUT,
  ],
  async run(context) {
    const path = text(context, "snapshot");
    const snapshot = path === null
      ? await lookAtHost(context)
      : await readSnapshotFile(path, context.terminal);
    const sources = listSupported(snapshot);
    printList(context, snapshot, {
      name: "supported",
      entries: sources,
      none: "No supported source type found.",
      columns: {
        "SOURCE TYPE": ({ type }) => cut(type, 48),
        "TARGET TYPE": ({ target, type }) => target === type ? "same" : cut(target, 40),
        "VERDICT": ({ verdict }) => verdict,
        "BASIS": ({ rule, by }) => rule === null ? by : rule.file,
        "CONFIGURATIONS": ({ configurations }) => String(configurations),
        "FREE NOW": ({ instances }) => String(instances ?? "unknown"),
        "REQUIRES": ({ conditions }) => conditions.join("; ") || "-",
      },
    });
    if (sources.some(({ verdict }) => verdict === "compatible")) return YES;
    return sources.length > 0 ? UNKNOWN : NO;
  },
};
