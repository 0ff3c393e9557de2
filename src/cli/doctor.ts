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
import {
  compareText,
  DOCTOR_SCHEMA,
  escaped,
  Failure,
  type Problem,
  type Snapshot,
} from "../documents/mod.ts";
import { THIS_HOST } from "../host/mod.ts";
import { json } from "./look.ts";
import { formatTable } from "./table.ts";
import { driverWords, snapshotWords, tellProblems } from "./words.ts";

export const command: Command = {
  args: "[DEVICE…]",
  about:
    `Shows for each VFIO device of this host, or for the named ones, whether it can migrate, what
prevents it, and a remedy. Virtual functions without their VFIO driver are listed too, but count
only if they are named. Opens idle devices as --probe says.

Exit code 0 if all devices can migrate, 1 if one cannot, 3 if this is unknown for one.`,
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
      if (terminal.watched) terminal.err(`probed ${device}: ${outcome}\n`);
    },
  });
  // The software on this machine does not describe a mounted or simulated host.
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

/** The named devices, or all devices if none is named. Throws if a device does not exist. */
function choose(all: readonly Diagnosis[], ids: readonly string[]): Diagnosis[] {
  const unknown = ids.find((id) => !all.some((diagnosis) => diagnosis.id === id));
  if (unknown !== undefined) {
    throw new Failure("not-found", `Cannot find a VFIO device named ${unknown}`, {
      subject: unknown,
      remedy: "Run vfio-ask doctor to list all devices.",
    });
  }
  return all.filter(({ id }) => ids.length === 0 || ids.includes(id));
}

/** The problems that are not about devices: those of devices are findings. */
function otherProblems(
  { problems }: Snapshot,
  { all, problems: more }: { all: readonly Diagnosis[]; problems: readonly Problem[] },
): Problem[] {
  const others = problems.filter(({ subject }) => !all.some(({ id }) => id === subject));
  return [...others, ...more];
}

/** Diagnoses as text: a row for each device, and its findings below. */
export function formatDiagnoses(
  snapshot: Snapshot,
  devices: readonly Diagnosis[],
  findings: readonly Finding[],
): string {
  const parts = [snapshotWords(snapshot) + "\n"];
  if (findings.length > 0) parts.push("\nhost\n", ...findings.map(findingLines));
  if (devices.length === 0) {
    return [...parts, "\nNo VFIO devices found. Bind a device to vfio-pci, or create an mdev.\n"]
      .join("");
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

/** A device's findings, or the name of an earlier device that has the same findings. */
function deviceLines({ id, findings }: Diagnosis, told: Map<string, string>): string {
  if (findings.length === 0) return "";
  const key = findings.map(({ code, sentence }) => `${code} ${sentence}`).join("\n");
  const like = told.get(key);
  if (like === undefined) {
    told.set(key, id);
    return findings.map(findingLines).join("");
  }
  return `  same as ${like}: ${findings.map(({ code }) => code).join(", ")}\n`;
}

function findingLines({ code, sentence, remedy }: Finding): string {
  const lines = [`  ${code}: ${sentence}`, ...(remedy === null ? [] : [`  -> ${remedy}`])];
  return lines.map((line) => `${escaped(line)}\n`).join("");
}

function summary(devices: readonly Diagnosis[]): string {
  const count = (answer: Diagnosis["canMigrate"]) =>
    devices.filter((device) => device.canMigrate === answer).length;
  return `${count("yes")} can migrate, ${count("no")} cannot, ${count("unknown")} unknown\n`;
}

/** Virtual functions without a VFIO driver may be meant to stay with the host, so they count only if they are named. */
function exitCode(
  all: readonly Diagnosis[],
  { examination: { functions }, named }: { examination: Examination; named: boolean },
): number {
  const bystanders = new Set(named ? [] : functions.map((entry) => diagnoseFunction(entry).id));
  const devices = all.filter(({ id }) => !bystanders.has(id));
  if (devices.some((device) => device.canMigrate === "no")) return NO;
  return devices.some((device) => device.canMigrate === "unknown") ? UNKNOWN : YES;
}
