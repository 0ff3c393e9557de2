import { type Command, type Context, NO, UNKNOWN, YES } from "./command.ts";
import { JSON_OUTPUT, LOOK_OPTIONS, probeOptions } from "./options.ts";
import { diagnose } from "../view/mod.ts";
import { headingOf } from "../answers/mod.ts";
import type { Diagnosis, Finding } from "../judge/doctor/mod.ts";
import { DOCTOR_SCHEMA, escaped, Failure, type Snapshot } from "../documents/mod.ts";
import { json, observe } from "./look.ts";
import { formatColumns } from "./table.ts";
import { driverWords, snapshotWords, tellProblems } from "./words.ts";

export const command: Command = {
  args: "[DEVICE…]",
  about:
    `Shows for each VFIO device of this host, or for the named ones, whether it can migrate, what
prevents it, and a remedy. Virtual functions without their VFIO driver are listed too, but count
only if they are named. Opens idle devices as --probe says.

Exit code 0 if all devices can migrate, 1 if one cannot, 3 if this is unknown for one.`,
  options: [...LOOK_OPTIONS, JSON_OUTPUT],
  run,
};

async function run(context: Context): Promise<number> {
  const { mode } = probeOptions(context);
  const observed = await observe(context);
  const { snapshot } = observed;
  const world = await context.openWorld();
  const { devices: all, unbound, findings, problems } = await diagnose(world, observed, {
    mayAsk: mode !== "never",
  });
  const devices = choose(all, context.args);
  tellProblems(context.terminal, problems);
  context.terminal.out(
    context.options.json
      ? json({ schema: DOCTOR_SCHEMA, ...headingOf(snapshot), devices, findings, problems })
      : formatDiagnoses(snapshot, devices, findings),
  );
  // Virtual functions without a VFIO driver may be meant to stay with the host, so they count only if they are named.
  const bystanders = new Set(context.args.length > 0 ? [] : unbound);
  const answers = devices.filter(({ id }) => !bystanders.has(id))
    .map(({ canMigrate }) => canMigrate);
  return answers.includes("no") ? NO : answers.includes("unknown") ? UNKNOWN : YES;
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

/** Diagnoses as text: a row for each device, and its findings below. */
function formatDiagnoses(
  snapshot: Snapshot,
  devices: readonly Diagnosis[],
  findings: readonly Finding[],
): string {
  const host = findings.length > 0 ? ["host\n", ...findings.map(findingLines), "\n"] : [];
  const head = [snapshotWords(snapshot), "\n\n", ...host].join("");
  if (devices.length === 0) {
    return `${head}No VFIO devices found. Bind a device to vfio-pci, or create an mdev.\n`;
  }
  const [heading, ...rows] = formatColumns(devices, {
    "DEVICE": ({ id }) => id,
    "CAN MIGRATE": ({ canMigrate }) => canMigrate,
    "DRIVER": driverWords,
  }).trimEnd().split("\n");
  const told = new Map<string, string>();
  const list = devices.map((device, index) => `${rows[index]}\n${deviceLines(device, told)}`);
  const count = (answer: Diagnosis["canMigrate"]) =>
    devices.filter(({ canMigrate }) => canMigrate === answer).length;
  const summary = `${count("yes")} can migrate, ${count("no")} cannot, ${count("unknown")} unknown`;
  return `${head}${heading}\n${list.join("")}\n${summary}\n`;
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
