import { type Command, type Context, NO, UNKNOWN, YES } from "./command.ts";
import { HOST_OPTIONS, JSON_OUTPUT, PROBE_OPTIONS, probeOptions } from "./options.ts";
import { type Examination, examine, observeHost } from "../view/mod.ts";
import { headingOf } from "../answers/mod.ts";
import {
  diagnoseDevice,
  diagnoseFunction,
  diagnoseHost,
  diagnoseUnreadable,
  type Diagnosis,
  type Finding,
} from "../judge/doctor/mod.ts";
import { DOCTOR_SCHEMA, escaped, Failure, type Problem, type Snapshot } from "../documents/mod.ts";
import { compareText, THIS_HOST } from "../host/mod.ts";
import { json } from "./look.ts";
import { formatTable } from "./table.ts";
import { driverWords, snapshotWords, tellProblems } from "./words.ts";

export const command: Command = {
  args: "[DEVICE…]",
  about:
    `For each VFIO device of this host, or those named, tells whether it can migrate at all, and what is
in the way with a remedy; virtual functions that wait for their VFIO driver are told of too, and count where they
are named. Opens idle devices as --probe says. Exit code 0 where all can migrate, 1 where one cannot, 3 where one is not known.`,
  options: [...HOST_OPTIONS, ...PROBE_OPTIONS, JSON_OUTPUT],
  run,
};

async function run(context: Context): Promise<number> {
  const { snapshot, examination } = await examineHost(context);
  const all = diagnoseAll(examination);
  const devices = choose(all, context.args);
  const findings = diagnoseHost(examination.host);
  const problems = otherProblems(snapshot, { all, problems: examination.problems });
  tellProblems(context.terminal, problems);
  context.terminal.out(
    context.options.json
      ? json({ schema: DOCTOR_SCHEMA, ...headingOf(snapshot), devices, findings, problems })
      : formatDiagnoses(snapshot, devices, findings),
  );
  return exitCode(devices, { examination, named: context.args.length > 0 });
}

async function examineHost(
  context: Context,
): Promise<{ snapshot: Snapshot; examination: Examination }> {
  const { terminal } = context;
  const options = probeOptions(context);
  const world = await context.openWorld();
  const observed = await observeHost(world, {
    ...options,
    onResult: ({ device, outcome }) => {
      if (terminal.watched) terminal.err(`asked ${device}: ${outcome}\n`);
    },
  });
  // What is installed here says nothing of a host that is mounted or simulated.
  const software = world.roots.sys === THIS_HOST.sys ? await world.readSoftware() : null;
  const examination = examine(world, observed, {
    mayAsk: options.mode !== "never",
    software,
  });
  return { snapshot: observed.snapshot, examination };
}

function diagnoseAll({ devices, functions, unreadable }: Examination): Diagnosis[] {
  return [
    ...devices.map(diagnoseDevice),
    ...functions.map(diagnoseFunction),
    ...unreadable.map(diagnoseUnreadable),
  ].sort((a, b) => compareText(a.id, b.id));
}

/** The devices that were asked for, all where none was. Throws where there is no such device. */
function choose(all: readonly Diagnosis[], ids: readonly string[]): Diagnosis[] {
  const unknown = ids.find((id) => !all.some((diagnosis) => diagnosis.id === id));
  if (unknown !== undefined) {
    throw new Failure("not-found", `Cannot find a VFIO device named ${unknown}`, {
      subject: unknown,
      remedy: "Run vfio-ask doctor to see the names of all.",
    });
  }
  return all.filter(({ id }) => ids.length === 0 || ids.includes(id));
}

/** Problems of devices are findings; these are the others. */
function otherProblems(
  { problems }: Snapshot,
  { all, problems: more }: { all: readonly Diagnosis[]; problems: readonly Problem[] },
): Problem[] {
  const others = problems.filter(({ subject }) => !all.some(({ id }) => id === subject));
  return [...others, ...more];
}

/** Diagnoses for a person: a row for each device, and its findings below. */
export function formatDiagnoses(
  snapshot: Snapshot,
  devices: readonly Diagnosis[],
  findings: readonly Finding[],
): string {
  const parts = [snapshotWords(snapshot) + "\n"];
  if (findings.length > 0) parts.push("\nhost\n", ...findings.map(findingLines));
  if (devices.length === 0) {
    return [...parts, "\nNo VFIO device. Bind a device to vfio-pci, or make an mdev.\n"].join("");
  }
  const [heading, ...rows] = formatTable(
    ["DEVICE", "CAN MIGRATE", "DRIVER"],
    devices.map((device) => [device.id, device.canMigrate, driverWords(device)]),
  ).trimEnd().split("\n");
  const told = new Map<string, string>();
  parts.push(`\n${heading}\n`);
  devices.forEach((device, index) => parts.push(`${rows[index]}\n`, deviceLines(device, told)));
  return [...parts, "\n", summary(devices)].join("");
}

/** A device's findings; where another has just the same ones, that one's name. */
function deviceLines({ id, findings }: Diagnosis, told: Map<string, string>): string {
  if (findings.length === 0) return "";
  const key = findings.map(({ code, sentence }) => `${code} ${sentence}`).join("\n");
  const like = told.get(key);
  if (like === undefined) {
    told.set(key, id);
    return findings.map(findingLines).join("");
  }
  return `  as ${like}: ${findings.map(({ code }) => code).join(", ")}\n`;
}

function findingLines({ code, sentence, remedy }: Finding): string {
  const lines = [`  ${code}: ${sentence}`, ...(remedy === null ? [] : [`  -> ${remedy}`])];
  return lines.map((line) => `${escaped(line)}\n`).join("");
}

function summary(devices: readonly Diagnosis[]): string {
  const count = (answer: Diagnosis["canMigrate"]) =>
    devices.filter((device) => device.canMigrate === answer).length;
  return `${count("yes")} can migrate, ${count("no")} cannot, ${count("unknown")} not known\n`;
}

/** Virtual functions that no VFIO driver has may be meant to stay with the host: they count where they are named. */
function exitCode(
  all: readonly Diagnosis[],
  { examination: { functions }, named }: { examination: Examination; named: boolean },
): number {
  const bystanders = new Set(named ? [] : functions.map((entry) => diagnoseFunction(entry).id));
  const devices = all.filter(({ id }) => !bystanders.has(id));
  if (devices.some((device) => device.canMigrate === "no")) return NO;
  return devices.some((device) => device.canMigrate === "unknown") ? UNKNOWN : YES;
}
