import { listDocument } from "../answers/mod.ts";
import { listSupported, type SupportedSource } from "../judge/ask/mod.ts";
import type { Snapshot } from "../documents/mod.ts";
import { type Command, type Context, NO, type Option, UNKNOWN, YES } from "./command.ts";
import { json, lookAtHost } from "./look.ts";
import { HOST_OPTIONS, JSON_OUTPUT, PROBE_OPTIONS, text } from "./options.ts";
import { readSnapshotFile } from "./read_document.ts";
import { cut, formatTable } from "./table.ts";
import { snapshotWords } from "./words.ts";

/** The host by a snapshot of it, rather than this one. */
export const SNAPSHOT_OPTION: Option = {
  name: "snapshot",
  value: "FILE",
  help: "Look at the host of which vfio-ask snapshot wrote this",
};

export const command: Command = {
  args: "",
  about:
    `Lists the types of sources that something here could take: the types that are here, and those that a
rule accepts in their place, with what the rule demands and how many can be had now. Exit code 0 where there is
any, 3 where that is not known of any, 1 where there is none.`,
  options: [SNAPSHOT_OPTION, ...HOST_OPTIONS, ...PROBE_OPTIONS, JSON_OUTPUT],
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

/** The snapshot that was named, or this host now. */
export async function snapshotOf(context: Context): Promise<Snapshot> {
  const path = text(context, "snapshot");
  return path === null
    ? (await lookAtHost(context)).snapshot
    : await readSnapshotFile(path, context.terminal);
}

function format(snapshot: Snapshot, sources: readonly SupportedSource[]): string {
  const head = `${snapshotWords(snapshot)}\n`;
  if (sources.length === 0) return `${head}Nothing here can be a target.\n`;
  return head + formatTable(
    ["SOURCE'S TYPE", "TAKEN BY", "VERDICT", "BY", "CONFIGURATIONS", "FREE NOW", "DEMANDS"],
    sources.map((source) => [
      cut(source.type, 48),
      source.target === source.type ? "the same" : cut(source.target, 40),
      source.verdict,
      source.rule === null ? source.by : source.rule.file,
      String(source.configurations),
      source.instances === null ? "not known" : String(source.instances),
      source.conditions.join("; ") || "-",
    ]),
  );
}
