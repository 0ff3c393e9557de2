import { runTasks } from "../access/mod.ts";
import { Failure, type Problem, RECOVERED_SCHEMA } from "../documents/mod.ts";
import { lastPart, listVfioDevices, readHost } from "../host/mod.ts";
import { leftDevices } from "../trials/mod.ts";
import type { WorkerResult } from "../tasks/mod.ts";
import { type Command, FAILED, NO, YES } from "./command.ts";
import { json } from "./look.ts";
import { DEADLINE, HOST_OPTIONS, JSON_OUTPUT, usage } from "./options.ts";
import { formatTable } from "./table.ts";
import { tellProblems } from "./words.ts";

/** What became of one device. */
interface Recovered {
  device: string;
  outcome: WorkerResult["outcome"];
  by: "nothing" | "reset" | "remade" | null;
  was: string | null;
  state: string | null;
  sentence: string | null;
  remedy: string | null;
}

export const command: Command = {
  args: "DEVICE…",
  about:
    `Repairs devices that are idle in a migration state other than RUNNING, as after a migration that
failed: the next migration into such a device would fail too. Opens each device, reads its state,
resets it if it is not in RUNNING, and reads the state again. Opening a PCI function resets it. A
device in use is not touched. With --remake, an mdev that a reset does not help is removed and
created again under its UUID, of the same type and parent.

Exit code 0 if every device is now in RUNNING or has no migration state, 1 if one is in use or could
not be repaired, 4 if one could not be opened.`,
  options: [
    ...HOST_OPTIONS,
    { name: "remake", help: "Remove an mdev and create it again if a reset does not help" },
    DEADLINE,
    JSON_OUTPUT,
  ],
  async run(context) {
    const { terminal, options, args } = context;
    if (args.length === 0) {
      throw usage("recover needs a DEVICE", "Run vfio-ask devices to list the devices.");
    }
    const world = await context.openWorld();
    const { bootId } = readHost(world.roots);
    const known = new Set([
      ...listVfioDevices(world.roots).map(({ path }) => lastPart(path)),
      // An mdev that a killed run had removed is only in the journal.
      ...leftDevices(world, bootId),
    ]);
    const unknown = args.find((id) => !known.has(id));
    if (unknown !== undefined) {
      throw new Failure("not-found", `Cannot find a VFIO device named ${unknown}`, {
        subject: unknown,
        remedy: "Run vfio-ask devices to list the devices.",
      });
    }
    const remake = options.remake === true;
    const names = [...new Set(args)];
    const tasks = names.map((device) => ({ do: "repair", device, remake }) as const);
    const results = await runTasks(world.access, tasks);
    const devices = results.map((result, index) => toRecovered(names[index]!, result));
    const problems: Problem[] = results.flatMap((result) => result.problems)
      .filter(({ code }) => code !== "was-reset");
    tellProblems(terminal, problems.filter(({ code }) => code !== "needs-reset"));
    terminal.out(
      options.json
        ? json({ schema: RECOVERED_SCHEMA, devices, problems })
        : formatRecovered(devices),
    );
    return Math.max(...devices.map(codeOf));
  },
};

function toRecovered(
  device: string,
  { outcome, found, sentence, remedy }: WorkerResult,
): Recovered {
  const { by, was, state } = found?.of === "repair" ? found : { by: null, was: null, state: null };
  return { device, outcome, by, was, state, sentence: sentence || null, remedy };
}

/** A device that was opened and is not in RUNNING counts as a no, another one as a failure. */
function codeOf({ outcome }: Recovered): number {
  if (outcome === "done") return YES;
  return outcome === "failed" || outcome === "in-use" ? NO : FAILED;
}

function formatRecovered(devices: readonly Recovered[]): string {
  return formatTable(
    ["DEVICE", "OUTCOME", "STATE", "NOTES"],
    devices.map(({ device, outcome, by, was, state, sentence, remedy }) => {
      const done = { nothing: "nothing to do", reset: "reset", remade: "created again" };
      const notes = [sentence, remedy].filter((text) => text !== null).join(". ") || "-";
      const states = was === state || was === null ? state ?? "-" : `${was} -> ${state ?? "-"}`;
      return [device, by === null ? outcome : done[by], states, notes];
    }),
  );
}
