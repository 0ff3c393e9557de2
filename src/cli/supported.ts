import { listDocument } from "../answers/mod.ts";
import { listSupported, type SupportedSource } from "../judge/ask/mod.ts";
import type { Snapshot } from "../documents/mod.ts";
import { type Command, type Context, NO, type Option, UNKNOWN, YES } from "./command.ts";
import { json, lookAtHost } from "./look.ts";
import { JSON_OUTPUT, LOOK_OPTIONS, text } from "./options.ts";
import { readSnapshotFile } from "./read_document.ts";
import { cut, formatTable } from "./table.ts";
import { snapshotWords } from "./words.ts";

/** Reads the host from a snapshot. */
const SNAPSHOT_OPTION: Option = {
  name: "snapshot",
  value: "FILE",
  help: "Use the host in this snapshot file",
};

export const command: Command = {
  args: "",
  about:
    `Lists the types of sources that this host can accept, without a source: the types on this host,
and the types that rules accept as their sources, with the requirements of the rule and the number
of free instances.

Exit code 0 if there is any, 3 if this is unknown, 1 if there is none.`,
  options: [SNAPSHOT_OPTION, ...LOOK_OPTIONS, JSON_OUTPUT],
  async run(context) {
    const snapshot = await snapshotOf(context);
    const sources = listSupported(snapshot);
    context.terminal.out(
      context.options.json ? json(listDocument(snapshot, "supported")) : format(snapshot, sources),
    );
    if (sources.some(({ verdict }) => verdict === "compatible")) return YES;
    return sources.length > 0 ? UNKNOWN : NO;
  },
};

/** The snapshot from the option, or one of this host now. */
async function snapshotOf(context: Context): Promise<Snapshot> {
  const path = text(context, "snapshot");
  if (path === null) return await lookAtHost(context);
  return await readSnapshotFile(path, context.terminal);
}

function format(snapshot: Snapshot, sources: readonly SupportedSource[]): string {
  const head = `${snapshotWords(snapshot)}\n`;
  if (sources.length === 0) return `${head}No supported source type found.\n`;
  return head + formatTable(
    ["SOURCE TYPE", "TARGET TYPE", "VERDICT", "BASIS", "CONFIGURATIONS", "FREE NOW", "REQUIRES"],
    sources.map((source) => [
      cut(source.type, 48),
      source.target === source.type ? "same" : cut(source.target, 40),
      source.verdict,
      source.rule === null ? source.by : source.rule.file,
      String(source.configurations),
      source.instances === null ? "unknown" : String(source.instances),
      source.conditions.join("; ") || "-",
    ]),
  );
}
