import { answer, identify, identifyWithData, testCandidates } from "../agent/mod.ts";
import { reasonsNotToMigrate, type TestResults } from "../compat/mod.ts";
import {
  type Answer,
  type Identity,
  type Reason,
  type Snapshot,
  toProblem,
} from "../identity/mod.ts";
import { type Command, type Context, NO, UNKNOWN, YES } from "./command.ts";
import { json, lookAtHost } from "./look.ts";
import {
  HOST_OPTIONS,
  JSON_OUTPUT,
  PREFLIGHT_OPTIONS,
  preflightPolicy,
  PROBE_OPTIONS,
  stopCopyBytes,
  text,
  usage,
} from "./options.ts";
import { recover } from "./preflight.ts";
import { readIdentityFile } from "./read_identity_file.ts";
import { escapeControls, formatTable } from "./table.ts";
import { availabilityWords, configurationWords, snapshotWords, tellProblems } from "./words.ts";

export const ask: Command = {
  name: "ask",
  summary: "Ask this host which configurations can take a source's migration",
  args: "IDENTITY.json | DEVICE | -",
  about:
    `The source is an identity that vfio-ask identity printed on another host (a file, or - for standard
input), or a device of this host. Prints offers, best first, and refusals with their reasons. With
--preflight the drivers of idle devices are handed the source's initial data, and their verdict decides.
Exit code 0 where something is compatible, 1 where nothing is, 3 where that is not known.`,
  options: [...HOST_OPTIONS, ...PROBE_OPTIONS, ...PREFLIGHT_OPTIONS, JSON_OUTPUT],
  async run(context) {
    const [subject, ...rest] = context.args;
    if (subject === undefined || rest.length > 0) {
      throw usage("ask takes one IDENTITY.json or DEVICE", "Name a file, - or a device.");
    }
    const fromFile = await readIdentityFile(subject);
    const testing = text(context, "preflight") !== null;
    const policy = preflightPolicy(context);
    if (testing) await recover(context, policy.deadlineMs);
    const { snapshot } = await lookAtHost(context);
    const source = fromFile ?? await identifySource(context, snapshot, subject);
    const reasons = reasonsNotToMigrate(source);
    if (reasons.length > 0) return tellCannot(context, snapshot, { source, reasons });
    const tests = testing ? await testAll(context, snapshot, source) : undefined;
    const answered = answer(snapshot, source, tests);
    context.terminal.out(context.options.json ? json(answered) : formatAnswer(answered));
    return exitCode(answered);
  },
};

/** A device of this host as a source: with its initial data where it is to be tested with. */
async function identifySource(context: Context, snapshot: Snapshot, id: string): Promise<Identity> {
  const plain = identify(snapshot, id);
  if (text(context, "preflight") === null || plain.migration.uapi === "none") return plain;
  using world = await context.openWorld();
  const policy = { ...preflightPolicy(context), stopCopyBytes: stopCopyBytes(context) };
  try {
    const { identity, problems } = await identifyWithData(world, snapshot, id, policy);
    tellProblems(context.terminal, problems);
    return identity;
  } catch (error) {
    tellProblems(context.terminal, [toProblem(error, id)]);
    return plain;
  }
}

async function testAll(
  context: Context,
  snapshot: Snapshot,
  source: Identity,
): Promise<TestResults> {
  using world = await context.openWorld();
  const { tests, problems } = await testCandidates(
    world,
    snapshot,
    source,
    preflightPolicy(context),
  );
  tellProblems(context.terminal, problems);
  return tests;
}

function exitCode({ offers }: Answer): number {
  if (offers.some(({ verdict }) => verdict === "compatible")) return YES;
  return offers.length > 0 ? UNKNOWN : NO;
}

function tellCannot(
  { terminal, options }: Context,
  { snapshot, takenAt, host }: Snapshot,
  { source, reasons }: { source: Identity; reasons: Reason[] },
): number {
  const { id, type } = source;
  terminal.out(
    options.json
      ? json({ snapshot, takenAt, host, source: { id, type }, offers: [], refusals: [], reasons })
      : escapeControls(`${id} (${type}) cannot migrate, wherever to:`) + "\n" +
        reasons.map(({ code, sentence }) => `  ${code}: ${escapeControls(sentence)}\n`).join(""),
  );
  return NO;
}

/** An answer for a person. */
export function formatAnswer(answer: Answer): string {
  const { source, offers, refusals } = answer;
  const lines = [
    `source  ${source.id}, ${source.description}`,
    `host    ${snapshotWords(answer)}`,
    "",
  ].map((line) => `${escapeControls(line)}\n`);
  const offerRows = offers.map((
    { rank, configuration, verdict, evidence, availability, create },
  ) => [
    String(rank),
    configurationWords(configuration),
    verdict,
    evidence ?? "-",
    availabilityWords(availability),
    create?.command ?? "-",
  ]);
  return [
    ...lines,
    offers.length === 0 ? "No configuration of this host is compatible.\n" : formatTable(
      ["RANK", "OFFER", "VERDICT", "EVIDENCE", "AVAILABLE", "MAKE IT WITH"],
      offerRows,
    ),
    ...noteLines(answer),
    ...(refusals.length === 0
      ? []
      : ["\n", formatTable(["REFUSED", "CODE", "REASON"], refusalRows(answer))]),
  ].join("");
}

/** A row for each reason; types that are refused for nothing but their name share one for each parent. */
function refusalRows({ refusals, source }: Answer): string[][] {
  const strangers = new Map<string, number>();
  const rows: string[][] = [];
  for (const { configuration, reasons } of refusals) {
    const { kind, parent } = configuration;
    if (kind !== "device" && reasons.every(({ code }) => code === "TypeDiffers")) {
      strangers.set(parent!, (strangers.get(parent!) ?? 0) + 1);
      continue;
    }
    reasons.forEach(({ code, sentence }, index) =>
      rows.push([index === 0 ? configurationWords(configuration) : "", code, sentence])
    );
  }
  for (const [parent, count] of strangers) {
    const types = count === 1 ? "1 other type" : `${count} other types`;
    const none = `none of them is the source's ${source.type}`;
    rows.push([`${types} on ${parent}`, "TypeDiffers", none]);
  }
  return rows;
}

/** What offers warn of and leave unknown, each once, with the offers that it is about. */
function noteLines({ offers }: Answer): string[] {
  const notes = new Map<string, number[]>();
  for (const { rank, verdict, reasons, warnings } of offers) {
    const unknown = verdict === "unknown" ? reasons.filter(({ code }) => code !== "SameType") : [];
    for (const { code, sentence } of [...unknown, ...warnings]) {
      const note = `${code}: ${sentence}`;
      notes.set(note, [...notes.get(note) ?? [], rank]);
    }
  }
  return [...notes].map(([note, ranks]) =>
    `note (${ranks.length === offers.length ? "all" : ranks.join(", ")})  ${escapeControls(note)}\n`
  );
}
