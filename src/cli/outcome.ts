import {
  deviceOf,
  escaped,
  type Outcome,
  OUTCOME_CAUSES,
  OUTCOME_ORIGINS,
  OUTCOME_RESULTS,
  type OutcomeCause,
  type OutcomeOrigin,
  type OutcomeResult,
  OUTCOMES_SCHEMA,
  unknownParts,
} from "../documents/mod.ts";
import { predict } from "../judge/ask/mod.ts";
import { causeOf, makeOutcome } from "../ledger/mod.ts";
import { type Command, type Context, FAILED, type Terminal, YES } from "./command.ts";
import { json, lookAtHost } from "./look.ts";
import {
  JSON_OUTPUT,
  JUDGE_OPTIONS,
  LOOK_OPTIONS,
  subsystemMode,
  text,
  texts,
  usage,
} from "./options.ts";
import { predictedWords, resultWords } from "./outcome_words.ts";
import { readSourcesFile, readTargetFile } from "./read_outcomes.ts";
import { tellProblems } from "./words.ts";

export const command: Command = {
  args: "ok|failed",
  about:
    `Records what became of a migration, so that later answers take it into account. The source is
the identity that was asked about. The target is a device of this host; its builds, and what this
host says about the pair, are recorded with it. For a target of another host, give the identity that
vfio-ask identity printed there.

For all devices of a virtual machine, the source is the document of vfio-ask identity --vm, with one
--target for each of its devices in the same order. If the migration failed because of a device,
report that device alone: the others may be right.

Of a migration that failed, the cause decides what it means. device: the device's driver or QEMU's
code for VFIO refused, so the pair is unknown until it is tested. other: something else failed,
which says nothing about the pair. Without --cause, it follows from --message, if that shows it.

Exit code 0 if it is recorded.`,
  options: [
    {
      name: "source",
      value: "FILE",
      help: "Identity of the source, or of its virtual machine (- for standard input)",
    },
    {
      name: "target",
      value: "DEVICE",
      help: "Device of this host that the migration went to; can be repeated",
      many: true,
    },
    {
      name: "target-identity",
      value: "FILE",
      help: "Identity of a target on another host, instead of --target",
    },
    { name: "message", value: "TEXT", help: "What libvirt or QEMU said" },
    {
      name: "cause",
      value: "CAUSE",
      help: "Why it failed (from the message)",
      choices: OUTCOME_CAUSES,
    },
    { name: "vm", value: "NAME", help: "Name of the virtual machine" },
    {
      name: "origin",
      value: "ORIGIN",
      help: "Who reports it (operator)",
      choices: OUTCOME_ORIGINS,
    },
    ...JUDGE_OPTIONS,
    ...LOOK_OPTIONS,
    JSON_OUTPUT,
  ],
  async run(context) {
    const { terminal, options } = context;
    const outcomes = await makeOutcomes(context, resultOf(context));
    const world = await context.openWorld();
    const problems = await world.access.record(outcomes);
    if (problems.length > 0) {
      tellProblems(terminal, problems);
      return FAILED;
    }
    for (const outcome of outcomes) tellUnknown(terminal, outcome);
    const [first, ...others] = outcomes;
    const host = { name: first!.target.host, kernel: first!.target.kernel, bootId: null };
    if (!options.json) terminal.out(outcomes.map(outcomeLine).join(""));
    else if (others.length === 0) terminal.out(json(first));
    else terminal.out(json({ schema: OUTCOMES_SCHEMA, host, outcomes }));
    return YES;
  },
};

/** Reads the result and checks the options that depend on it. */
function resultOf(context: Context): OutcomeResult {
  const [given, ...more] = context.args;
  const result = OUTCOME_RESULTS.find((word) => word === given);
  if (result === undefined || more.length > 0) {
    throw usage("outcome needs one result", `Name one of ${OUTCOME_RESULTS.join(", ")}.`);
  }
  if (result === "ok" && text(context, "cause") !== null) {
    throw usage("--cause: the migration did not fail", "Omit it, or use failed.", "--cause");
  }
  return result;
}

async function makeOutcomes(context: Context, result: OutcomeResult): Promise<Outcome[]> {
  const file = text(context, "source");
  const targets = texts(context, "target");
  const elsewhere = text(context, "target-identity");
  if (file === null) throw usage("outcome needs --source", "Use --source IDENTITY.json.");
  if ((targets.length > 0) === (elsewhere !== null)) {
    throw usage(
      "outcome needs --target or --target-identity, and not both",
      "Use --target DEVICE for a device of this host.",
    );
  }
  const { sources, vm } = await readSourcesFile(file);
  const wanted = elsewhere === null ? targets.length : 1;
  if (sources.length !== wanted) {
    throw usage(
      `${file} has ${sources.length} sources, but ${wanted} targets are named`,
      "Use one --target for each source, in the same order.",
      "--target",
    );
  }
  const twice = targets.find((target, index) => targets.indexOf(target) !== index);
  if (twice !== undefined) {
    throw usage(`--target ${twice}: named twice`, "Name each target once.", "--target");
  }
  const { now } = await context.openWorld();
  const parts = {
    result,
    cause: causeFor(context, sources.length),
    message: text(context, "message"),
    vm: text(context, "vm") ?? vm,
    origin: (text(context, "origin") ?? "operator") as OutcomeOrigin,
    at: now(),
  } as const;
  if (elsewhere !== null) {
    const device = await readTargetFile(elsewhere);
    const target = { device, host: device.host };
    return [makeOutcome({ ...parts, source: sources[0]!, target })];
  }
  const snapshot = await lookAtHost(context);
  return sources.map((source, index) => {
    const device = deviceOf(snapshot, targets[index]!);
    const predicted = predict(snapshot, source, { device, subsystem: subsystemMode(context) });
    return makeOutcome({ ...parts, source, target: { device, host: snapshot.host }, predicted });
  });
}

/** Why the migration failed. Of several devices, nothing shows which one refused. */
function causeFor(context: Context, sources: number): OutcomeCause | null | undefined {
  const given = text(context, "cause") as OutcomeCause | null;
  if (sources === 1 || given === "other") return given ?? undefined;
  if (given === null) return causeOf(text(context, "message")) === "other" ? "other" : null;
  throw usage(
    `--cause device: one of ${sources} devices refused, and nothing shows which one`,
    "Give the identity of that device as --source, and its --target.",
    "--cause",
  );
}

/** Says why an outcome will not be evidence for later answers. */
function tellUnknown(terminal: Terminal, { source, target }: Outcome): void {
  const unknown = [
    ...unknownParts(source).map((part) => `${part} of the source`),
    ...unknownParts(target).map((part) => `${part} of the target`),
  ];
  if (unknown.length === 0) return;
  terminal.err(
    `vfio-ask: ${
      escaped(source.id)
    }: this is no evidence for later answers, because these are not known: ${
      escaped(unknown.join(", "))
    }. Describe the source's QEMU with identity --vm, or --qemu-version and --machine-type.\n`,
  );
}

function outcomeLine(outcome: Outcome): string {
  const { source, target } = outcome;
  const predicted = outcome.predicted === null ? "" : `; this host says ${predictedWords(outcome)}`;
  return escaped(
    `recorded: ${source.id} of ${source.host} to ${target.id} of ${target.host}: ${
      resultWords(outcome)
    }${predicted}`,
  ) + "\n";
}
