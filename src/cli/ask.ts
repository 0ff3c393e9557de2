import type { Command, Context, Option } from "./command.ts";
import { type AnswerOptions, MAX_TOGETHER, MOST_OFFERS } from "../answers/mod.ts";
import { OFFER_ORDERS, reasonsNotToMigrate } from "../judge/ask/mod.ts";
import {
  identify,
  type Identity,
  type Problem,
  REFUSALS_MODES,
  type Snapshot,
  toProblem,
} from "../documents/mod.ts";
import {
  HOST_OPTIONS,
  JSON_OUTPUT,
  JUDGE_OPTIONS,
  PREFLIGHT_OPTIONS,
  preflightPolicy,
  PROBE_OPTIONS,
  stopCopyBytes,
  text,
  texts,
  usage,
} from "./options.ts";
import { VMM_OPTIONS } from "./vmm_options.ts";
import { identifyWithData, testCandidates } from "../trials/mod.ts";
import { askOffline } from "./ask_offline.ts";
import { json, lookAtHost } from "./look.ts";
import { recover } from "./recover.ts";
import { readIdentityFile } from "./read_document.ts";
import { askOptions, asMachine, tell, withWish } from "./tell_answer.ts";
import { tellProblems } from "./words.ts";

const ASK_OPTIONS: readonly Option[] = [
  {
    name: "snapshot",
    value: "FILE",
    help:
      "Answer as the host would of which vfio-ask snapshot wrote this; repeat it, or name a folder",
    many: true,
  },
  {
    name: "host",
    value: "NAME",
    help: "Of all snapshots, ask this host only, and tell its whole answer; repeat it",
    many: true,
  },
  { name: "details", help: "Tell the whole answer of each snapshot, after the table of hosts" },
  {
    name: "explain",
    help: "Tell it in sentences, with each reason, both values and kernel checks",
  },
  { name: "no-unknown", help: "Leave out what cannot be known, rather than offer it last" },
  { name: "plans", value: "COUNT", help: "Of several sources, tell so many plans, best first (1)" },
  {
    name: "order",
    value: "ORDER",
    help: "Put the stronger evidence first, or what is available now (evidence)",
    choices: OFFER_ORDERS,
  },
  {
    name: "offers",
    value: "COUNT|all",
    help: `Tell so many offers, the best (${MOST_OFFERS})`,
  },
  {
    name: "refusals",
    value: "MODE",
    help: "Tell refusals for the same reasons together, each by itself, or none (grouped)",
    choices: REFUSALS_MODES,
  },
  {
    name: "numa-node",
    value: "NODE",
    help: "Prefer this NUMA node, where offers are else as good",
  },
];

export const command: Command = {
  args: "IDENTITY.json… | DEVICE | -",
  about:
    `The source is an identity that vfio-ask identity printed on another host (a file, or - for standard
input), or a device of this host. Prints offers, best first, and refusals with their reasons. With
--preflight the drivers of idle devices are handed the source's initial data, and their verdict decides.
Of several sources, the devices of one virtual machine, it tells too whether all can land here together,
and which goes where.

With --snapshot nothing of this host is looked at: the hosts answer of which these are the snapshots, in a table, best
first, and --details or --host tells whole answers. --json gives one document for one snapshot and for many: a list
hosts with an entry each, and answer in it where whole answers are wanted. A snapshot that cannot be read is a problem, and
the others answer.

What QEMU needs for the migration is told first: met, open (for who starts the destination's QEMU), or
unknown, which makes the verdict unknown. --qemu-version and the options after it say how QEMU runs the source,
which decides.

Order: compatible before unknown; the stronger evidence (driver-tested, attribute-tested,
vendor-rule); among unknown offers, the fewer or lighter open questions; a rule's own order; available now; what is
there before what must be made; the NUMA node that is wished; the fewest instances left over; the name. With
--order=available, what is available now comes right after the verdict. --json shows in each offer what its rank came from.

Refusals for the same reasons are one entry, with how many configurations it stands for and the names of some;
--refusals=each tells each by itself. "offered" and "refused" in --json say how many there are.
Exit code 0 where something is compatible (of several: where all can land), 1 where nothing is, 3 where
that is not known; of several snapshots the best, but 2 where one of them cannot be read.`,
  options: [
    ...ASK_OPTIONS,
    ...VMM_OPTIONS,
    ...JUDGE_OPTIONS,
    ...HOST_OPTIONS,
    ...PROBE_OPTIONS,
    ...PREFLIGHT_OPTIONS,
    JSON_OUTPUT,
  ],
  run,
};

async function run(context: Context): Promise<number> {
  if (context.args.length === 0) {
    throw usage("ask takes an IDENTITY.json or a DEVICE", "Name a file, - or a device.");
  }
  if (context.args.length > MAX_TOGETHER) {
    throw usage(
      `ask takes ${MAX_TOGETHER} sources together, not ${context.args.length}`,
      "Name the devices of one virtual machine.",
    );
  }
  if (texts(context, "snapshot").length > 0) return await askOffline(context);
  if (texts(context, "host").length > 0 || context.options.details === true) {
    throw usage("--host and --details go with --snapshot", "Leave them out: this host tells all.");
  }
  return await askHere(context);
}

async function askHere(context: Context): Promise<number> {
  const files = [];
  for (const subject of context.args) files.push(await readIdentityFile(subject));
  const testing = text(context, "preflight") !== null;
  const left = testing ? await recover(context) : [];
  const { snapshot } = await lookAtHost(context);
  const sources: Identity[] = [];
  const options = new Map<Identity, AnswerOptions>();
  for (const [index, file] of files.entries()) {
    const found = file === null
      ? await identifySource(context, snapshot, context.args[index]!)
      : { identity: file, problems: [] };
    const source = withWish(context, found.identity);
    const migratable = reasonsNotToMigrate(source).length === 0;
    const tested = testing && migratable ? await testAll(context, snapshot, source) : null;
    // What an earlier run left is told once, with the first source.
    const before = [...index === 0 ? left : [], ...found.problems];
    const problems = [...before, ...tested?.problems ?? []];
    sources.push(source);
    options.set(source, { ...askOptions(context), ...tested, problems });
  }
  const told = await tell(context, snapshot, {
    sources: asMachine(sources),
    optionsOf: (source) => options.get(source) ?? {},
  });
  context.terminal.out(context.options.json ? json(told.document) : told.text);
  return told.code;
}

/**
 * A device of this host as a source: with its initial data where it is to be tested with, and the problems met, which
 * are told.
 */
async function identifySource(
  context: Context,
  snapshot: Snapshot,
  id: string,
): Promise<{ identity: Identity; problems: Problem[] }> {
  const identity = identify(snapshot, id);
  if (text(context, "preflight") === null || identity.migration.uapi === "none") {
    return { identity, problems: [] };
  }
  const world = await context.openWorld();
  const policy = { ...preflightPolicy(context), stopCopyBytes: stopCopyBytes(context) };
  try {
    const identified = await identifyWithData(world, snapshot, id, policy);
    tellProblems(context.terminal, identified.problems);
    return identified;
  } catch (error) {
    const problems = [toProblem(error, id)];
    tellProblems(context.terminal, problems);
    return { identity, problems };
  }
}

async function testAll(
  context: Context,
  snapshot: Snapshot,
  source: Identity,
): Promise<Required<Pick<AnswerOptions, "tests" | "problems">>> {
  const world = await context.openWorld();
  const policy = preflightPolicy(context);
  const tested = await testCandidates(world, snapshot, source, policy);
  tellProblems(context.terminal, tested.problems);
  return tested;
}
