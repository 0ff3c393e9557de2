import {
  answer,
  type AnswerOptions,
  answerTogether,
  identify,
  identifyWithData,
  MAX_PLANS,
  MAX_TOGETHER,
  MOST_OFFERS,
  testCandidates,
} from "../agent/mod.ts";
import { type OfferOrder, reasonsNotToMigrate } from "../compat/mod.ts";
import {
  type Identity,
  type Offer,
  type RefusalsMode,
  type Snapshot,
  toProblem,
} from "../identity/mod.ts";
import { type Context, NO, UNKNOWN, YES } from "./command.ts";
import { explainAnswer } from "./explain_answer.ts";
import { formatAnswer, reasonLines } from "./format_answer.ts";
import { formatTogether } from "./format_together.ts";
import { json, lookAtHost } from "./look.ts";
import {
  count,
  preflightPolicy,
  stopCopyBytes,
  subsystemMode,
  text,
  texts,
  usage,
} from "./options.ts";
import { recover } from "./preflight.ts";
import { listSnapshotFiles, readIdentityFile, readSnapshotFile } from "./read_document.ts";
import { escapeControls, formatTable } from "./table.ts";
import { vmmOption } from "./vmm_options.ts";
import { availabilityWords, configurationWords, tellProblems } from "./words.ts";

/** Runs the command `ask`; gives its exit code. */
export async function runAsk(context: Context): Promise<number> {
  if (context.args.length === 0) {
    throw usage("ask takes an IDENTITY.json or a DEVICE", "Name a file, - or a device.");
  }
  if (context.args.length > MAX_TOGETHER) {
    throw usage(
      `ask takes ${MAX_TOGETHER} sources together, not ${context.args.length}`,
      "Name the devices of one virtual machine.",
    );
  }
  return await (texts(context, "snapshot").length > 0 ? askOffline(context) : askHere(context));
}

/** Answers of other hosts, by their snapshots. */
async function askOffline(context: Context): Promise<number> {
  if (text(context, "preflight") !== null) {
    throw usage("--preflight with --snapshot: no driver is here to be asked", "Leave one out.");
  }
  const sources: Identity[] = [];
  for (const subject of context.args) {
    const source = await readIdentityFile(subject);
    if (source === null) {
      throw usage(`${subject}: with --snapshot a source is a file`, "Name an IDENTITY.json or -.");
    }
    sources.push(withWish(context, source));
  }
  const options: AnswerOptions = { ...askOptions(context), offline: true };
  checkTwice(sources);
  const told: Told[] = [];
  for (const path of texts(context, "snapshot").flatMap(listSnapshotFiles)) {
    const host = await readSnapshotFile(path, context.terminal);
    told.push(await tell(context, host, { sources, optionsOf: () => options }));
  }
  context.terminal.out(
    context.options.json
      ? json(told.length === 1 ? told[0]!.document : told.map(({ document }) => document))
      : [...(told.length === 1 ? [] : [hostTable(told)]), ...told.map(({ text }) => text)]
        .join("\n"),
  );
  return bestCode(told.map(({ code }) => code));
}

async function askHere(context: Context): Promise<number> {
  const files = [];
  for (const subject of context.args) files.push(await readIdentityFile(subject));
  const testing = text(context, "preflight") !== null;
  if (testing) await recover(context);
  const { snapshot } = await lookAtHost(context);
  const sources: Identity[] = [];
  const options = new Map<Identity, AnswerOptions>();
  for (const [index, file] of files.entries()) {
    const found = file ?? await identifySource(context, snapshot, context.args[index]!);
    const source = withWish(context, found);
    const migratable = reasonsNotToMigrate(source).length === 0;
    const tests = testing && migratable ? await testAll(context, snapshot, source) : {};
    sources.push(source);
    options.set(source, { ...askOptions(context), ...tests });
  }
  checkTwice(sources);
  const told = await tell(context, snapshot, {
    sources,
    optionsOf: (source) => options.get(source)!,
  });
  context.terminal.out(context.options.json ? json(told.document) : told.text);
  return told.code;
}

/** What a host said: the exit code, the document and the text; and the row of a table of hosts. */
interface Told {
  code: number;
  document: unknown;
  text: string;
  row: string[];
}

/** Hosts in a table, each with the best that it offers. */
function hostTable(told: readonly Told[]): string {
  return formatTable(["HOST", "VERDICT", "BEST", "AVAILABLE"], told.map(({ row }) => row));
}

function checkTwice(sources: readonly Identity[]): void {
  const ids = sources.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice === undefined) return;
  throw usage(`${twice} is there twice`, "Name each device of the virtual machine once.");
}

/** A host's answer to one source, or to all of a virtual machine. */
async function tell(
  context: Context,
  snapshot: Snapshot,
  { sources, optionsOf }: {
    sources: readonly Identity[];
    optionsOf: (source: Identity) => AnswerOptions;
  },
): Promise<Told> {
  const [source] = sources as [Identity];
  const { name } = snapshot.host;
  const format = context.options.explain ? explainAnswer : formatAnswer;
  if (sources.length > 1) {
    const plans = plansWanted(context);
    const document = await answerTogether(snapshot, sources, { optionsOf, plans });
    const { verdict, plans: [best], blocking } = document.together;
    const code = verdict === "compatible" ? YES : verdict === "unknown" ? UNKNOWN : NO;
    const row = best === undefined
      ? [name, verdict, `${blocking.length} in the way`, "-"]
      : [name, verdict, `all ${sources.length}`, best.now ? "now" : "not now"];
    return { code, document, text: formatTogether(document, format), row };
  }
  const reasons = reasonsNotToMigrate(source);
  if (reasons.length > 0) {
    const { id, type } = source;
    const { takenAt, host } = snapshot;
    return {
      code: NO,
      document: {
        snapshot: snapshot.snapshot,
        takenAt,
        host,
        source: { id, type },
        offers: [],
        refusals: [],
        reasons,
      },
      text: escapeControls(`${id} (${type}) cannot migrate, wherever to:`) + "\n" +
        reasonLines(reasons),
      row: [name, "incompatible", "-", "-"],
    };
  }
  const document = answer(snapshot, source, optionsOf(source));
  const [best] = document.offers;
  const row = best === undefined ? [name, "incompatible", "-", "-"] : [
    name,
    best.verdict,
    configurationWords(best.configuration),
    availabilityWords(best.availability),
  ];
  return { code: exitCode(document.offers), document, text: format(document), row };
}

/** How many plans are told of several sources. */
function plansWanted(context: Context): number {
  const plans = count(context, "plans") ?? 1;
  if (plans >= 1 && plans <= MAX_PLANS) return plans;
  throw usage(`--plans ${plans}: not a number from 1 to ${MAX_PLANS}`, "Write --plans 3.");
}

function askOptions(context: Context): AnswerOptions {
  return {
    omitUnknown: context.options["no-unknown"] === true,
    subsystem: subsystemMode(context),
    order: (text(context, "order") ?? "evidence") as OfferOrder,
    refusals: (text(context, "refusals") ?? "grouped") as RefusalsMode,
    offers: offersWanted(context),
  };
}

/** How many offers are told. */
function offersWanted(context: Context): number {
  const given = text(context, "offers");
  if (given === null) return MOST_OFFERS;
  if (given === "all") return Infinity;
  if (/^[1-9]\d{0,5}$/.test(given)) return Number(given);
  throw usage(`--offers ${given}: neither a number from 1 on nor all`, "Write --offers 20 or all.");
}

/** A source with what the command line says of it beside. */
function withWish(context: Context, source: Identity): Identity {
  const numaNode = count(context, "numa-node");
  const vmm = vmmOption(context);
  return {
    ...source,
    ...(numaNode === null ? {} : { wish: { ...source.wish, numaNode } }),
    ...(vmm === null ? {} : { vmm: { ...source.vmm, ...vmm } }),
  };
}

/** A device of this host as a source: with its initial data where it is to be tested with. */
async function identifySource(context: Context, snapshot: Snapshot, id: string): Promise<Identity> {
  const plain = identify(snapshot, id);
  if (text(context, "preflight") === null || plain.migration.uapi === "none") return plain;
  const world = await context.openWorld();
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
): Promise<AnswerOptions> {
  const world = await context.openWorld();
  const policy = preflightPolicy(context);
  const { tests, problems } = await testCandidates(world, snapshot, source, policy);
  tellProblems(context.terminal, problems);
  return { tests };
}

function exitCode(offers: readonly Offer[]): number {
  if (offers.some(({ verdict }) => verdict === "compatible")) return YES;
  return offers.length > 0 ? UNKNOWN : NO;
}

function bestCode(codes: readonly number[]): number {
  return [YES, UNKNOWN, NO].find((code) => codes.includes(code)) ?? NO;
}
