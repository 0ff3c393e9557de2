import { othersAsk } from "../access/mod.ts";
import { probeDevices, type ProbeResult } from "../view/mod.ts";
import { PROBE_SCHEMA, PROBED_DEVICE_SCHEMA } from "../documents/mod.ts";
import { lastPart, listVfioDevices } from "../host/mod.ts";
import { type Command, FAILED, YES } from "./command.ts";
import { json } from "./look.ts";
import { DEADLINE, HOST_OPTIONS, JSON_OUTPUT, openPath, PATH, usage } from "./options.ts";
import { formatTable } from "./table.ts";
import { migrationWords, tellProblems, trackingWords } from "./words.ts";

export const command: Command = {
  args: "DEVICE… | --all",
  about:
    `Opens each device and prints everything that its driver reports: regions, features, migration,
dirty tracking, and the PCI configuration that a guest sees. Devices in use are not opened.
Opening a PCI function resets it. While a device is open here, a virtual machine that starts with
it fails. The results are saved for the device and its class, and replace earlier results.

Exit code 0 if every device answered, otherwise 4.`,
  options: [
    ...HOST_OPTIONS,
    { name: "all", help: "Probe every VFIO device of the host" },
    PATH,
    DEADLINE,
    { name: "ndjson", help: "Print one JSON document per line as each device answers" },
    JSON_OUTPUT,
  ],
  async run(context) {
    const { terminal, options } = context;
    const world = await context.openWorld();
    const names = options.all
      ? listVfioDevices(world.roots).map(({ path }) => lastPart(path))
      : context.args;
    if (names.length === 0 && !options.all) {
      throw usage("probe needs a DEVICE or --all", "Run vfio-ask devices to list the devices.");
    }
    const results: ProbeResult[] = [];
    for await (const result of probeDevices(world, names, { path: openPath(context) })) {
      results.push(result);
      const document = { schema: PROBED_DEVICE_SCHEMA, ...result };
      if (options.ndjson) terminal.out(JSON.stringify(document) + "\n");
    }
    const problems = results.some(({ capabilities }) => capabilities !== null)
      ? await world.access.whileLocked(() => world.access.save()) ??
        [othersAsk("The answers were not saved: another vfio-ask is still asking devices")]
      : [];
    tellProblems(terminal, problems);
    if (options.json) terminal.out(json({ schema: PROBE_SCHEMA, devices: results, problems }));
    else if (!options.ndjson) terminal.out(formatResults(results));
    return results.every(({ outcome }) => outcome === "answered") ? YES : FAILED;
  },
};

function formatResults(results: readonly ProbeResult[]): string {
  return formatTable(
    ["DEVICE", "OUTCOME", "PATH", "MIGRATION", "STATE", "DIRTY PAGES", "PCI", "NOTES"],
    results.map(({ device, outcome, capabilities, sentence, remedy }) => {
      if (capabilities === null) {
        return [device, outcome, "-", "-", "-", "-", "-", `${sentence}. ${remedy ?? ""}`.trim()];
      }
      const { path, iommu, migration, state, dirtyTracking, pciConfig, problems } = capabilities;
      const failed = [dirtyTracking.device, dirtyTracking.iommu]
        .flatMap(({ result, check }) =>
          result !== "works" && result !== "absent" ? [`${check?.step}: ${check?.errno}`] : []
        );
      return [
        device,
        outcome,
        `${path} (${iommu})`,
        migrationWords(migration),
        state ?? "-",
        trackingWords(migration),
        pciConfig === null ? "-" : `${pciConfig.vendor}:${pciConfig.device}`,
        [...failed, ...problems.map((problem) => problem.sentence)].join("; ") || "-",
      ];
    }),
  );
}
