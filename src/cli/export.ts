import { formatHostMetrics, formatNfd, placementOf } from "../export/mod.ts";
import type { Snapshot } from "../documents/mod.ts";
import { type Command, type Context, YES } from "./command.ts";
import { json, lookAtHost } from "./look.ts";
import { count, LOOK_OPTIONS, text, usage } from "./options.ts";
import { readSnapshotFile } from "./read_document.ts";
import { writeOutput } from "./write_output.ts";

/** The formats, each from a snapshot. */
const FORMATS = {
  "nfd": (snapshot: Snapshot, context: Context) =>
    formatNfd(snapshot, { expirySeconds: count(context, "expiry") }),
  "placement": async (snapshot: Snapshot) => json(await placementOf(snapshot)),
  "prometheus-textfile": async (snapshot: Snapshot, context: Context) => {
    // The rule files of a snapshot are not on this host.
    const isHere = text(context, "snapshot") === null;
    const rules = isHere ? (await context.openWorld()).readRules() : null;
    return formatHostMetrics({ version: context.version, snapshot, rules });
  },
};
type Format = keyof typeof FORMATS;

export const command: Command = {
  args: Object.keys(FORMATS).join("|"),
  about:
    `Writes how many devices of each type can migrate, and how many of them are free. Devices that
nobody has asked are counted apart. From the same snapshot, the output is always the same.

  nfd                  node labels for the local source of node-feature-discovery, a file in
                       /etc/kubernetes/node-feature-discovery/features.d
  placement            resource providers, inventories and traits for OpenStack Placement, as JSON.
                       Before each request, set resource_provider_generation to the provider's.
  prometheus-textfile  metrics for the textfile collector of node_exporter; the name of the file
                       must end with .prom

With --output, the file is replaced in one step, so that no reader sees a part of it.

  vfio-ask export nfd --expiry 3600 \\
    --output /etc/kubernetes/node-feature-discovery/features.d/vfio-ask`,
  options: [
    { name: "snapshot", value: "FILE", help: "Use the host in this snapshot file" },
    { name: "output", value: "FILE", help: "Write to this file instead of standard output" },
    {
      name: "expiry",
      value: "SECONDS",
      help: "nfd: have the labels removed so long after the snapshot (never)",
    },
    ...LOOK_OPTIONS,
  ],
  async run(context) {
    const [name, ...rest] = context.args;
    if (name === undefined || rest.length > 0 || !isFormat(name)) {
      throw usage(
        name === undefined ? "export needs a format" : `export ${context.args.join(" ")}: unknown`,
        `Use one of ${Object.keys(FORMATS).join(", ")}.`,
      );
    }
    if (text(context, "expiry") !== null && name !== "nfd") {
      throw usage(`--expiry with export ${name}`, "Use it with export nfd only.", "--expiry");
    }
    count(context, "expiry");
    const path = text(context, "snapshot");
    const snapshot = path === null
      ? await lookAtHost(context)
      : await readSnapshotFile(path, context.terminal);
    const written = await FORMATS[name](snapshot, context);
    const output = text(context, "output");
    if (output === null) context.terminal.out(written);
    else writeOutput(output, written);
    return YES;
  },
};

function isFormat(name: string): name is Format {
  return Object.hasOwn(FORMATS, name);
}
