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
  dataPolicy,
  JSON_OUTPUT,
  JUDGE_OPTIONS,
  LOOK_OPTIONS,
  PREFLIGHT_OPTIONS,
  preflightPolicy,
  text,
  texts,
  usage,
} from "./options.ts";
import { VMM_OPTIONS } from "./vmm_options.ts";
import { testCandidates } from "../trials/mod.ts";
import { askOffline } from "./ask_offline.ts";
import { json, lookAtHost } from "./look.ts";
import { MAKE_OPTIONS, makeWanted, tellHow } from "./make_plan.ts";
import { machineAmong, readSourceFile } from "./read_document.ts";
import { type Asked, askedMachine, askOptions, asMachine, tell, withWish } from "./tell_answer.ts";
import { identifyHere, recover } from "./trials.ts";
import { tellProblems } from "./words.ts";

const ASK_OPTIONS: readonly Option[] = [
  {
    name: "snapshot",
    value: "FILE",
    help: "Ask the host in this snapshot file, or the hosts in this folder; can be repeated",
    many: true,
  },
  {
    name: "host",
    value: "NAME",
    help: "Ask only this host of the snapshots and print its full answer; can be repeated",
    many: true,
  },
  { name: "details", help: "Print the full answer of each host after the table of hosts" },
  {
    name: "explain",
    help: "Print sentences with all reasons, both values and the kernel's checks",
  },
  { name: "no-unknown", help: "Omit offers with an unknown verdict" },
  {
    name: "plans",
    value: "COUNT",
    help: "Print this many plans for several sources, best first (1)",
  },
  {
    name: "order",
    value: "ORDER",
    help: "Sort by evidence first or by availability first (evidence)",
    choices: OFFER_ORDERS,
  },
  {
    name: "offers",
    value: "COUNT|all",
    help: `Print at most this many offers, best first (${MOST_OFFERS})`,
  },
  {
    name: "refusals",
    value: "MODE",
    help: "Group refusals by their reasons, print each one, or print none (grouped)",
    choices: REFUSALS_MODES,
  },
  {
    name: "numa-node",
    value: "NODE",
    help: "Prefer this NUMA node among otherwise equal offers",
  },
];

export const command: Command = {
  args: "IDENTITY.json… | VM.json | DEVICE | -",
  about: `The source is an identity that vfio-ask identity printed on another host (a file, or - for
standard input), or a device of this host. Prints the offers, best first, and the refusals with
their reasons. With --preflight, the drivers of idle devices test the source's initial data, and
their verdict decides. Several sources are the devices of one virtual machine: the answer then
also says whether all of them can migrate to this host together, and where each one goes. A
virtual machine that vfio-ask identity --vm printed is asked about with all its devices, and what
is known about it: a verdict is compatible only if all its devices are known.

With --make, prints how to carry out the best plan: the domain XML for this host, in which only the
sources of VFIO devices differ; a shell script for both hosts, to run with "destination" here, then
with "source" there; or the mdevs to make, with what mdevctl define --jsonfile and virsh
nodedev-create read. --json prints all of it. What must be looked at first is on standard error.
Nothing is run. Without a plan, nothing is printed.

With --snapshot, this host is not examined. The answer is a table of the hosts in the snapshots,
best first; --details and --host print full answers. --json prints one document for any number of
snapshots: each entry of "hosts" contains the full answer if --details or --host requests it. A
snapshot that cannot be read is reported as a problem, and the other hosts still answer.

What QEMU needs for the migration is listed first. Each need is met, open (to be set when the
destination's QEMU starts), or unknown, which makes the verdict unknown. --qemu-version and the
options after it describe the QEMU that runs the source; its needs depend on them.

Order: compatible before unknown; stronger evidence (driver-tested, attribute-tested,
migrated-before, vendor-rule); among unknown offers, fewer or lighter open questions; the rule's own
order; available now; existing devices before new ones; the preferred NUMA node; fewest instances
left over; name. With --order=available, availability comes right after the verdict. In --json,
"order" of each offer holds the keys that it was sorted by.

Refusals with the same reasons are one entry, with a count and some of the names; --refusals=each
lists each one. In --json, "offered" and "refused" are the total numbers.

Exit code 0 if something is compatible (several sources: if all fit together), 1 if nothing is, 3
if this is unknown. With several snapshots, the best host decides, but the exit code is 2 if a
snapshot cannot be read.`,
  options: [
    ...ASK_OPTIONS,
    ...MAKE_OPTIONS,
    ...VMM_OPTIONS,
    ...JUDGE_OPTIONS,
    ...LOOK_OPTIONS,
    ...PREFLIGHT_OPTIONS,
    JSON_OUTPUT,
  ],
  run,
};

async function run(context: Context): Promise<number> {
  if (context.args.length === 0) {
    throw usage("ask needs an IDENTITY.json or a DEVICE", "Name a file, - or a device.");
  }
  if (context.args.length > MAX_TOGETHER) {
    throw usage(
      `ask accepts at most ${MAX_TOGETHER} sources, not ${context.args.length}`,
      "Name only the devices of one virtual machine.",
    );
  }
  makeWanted(context);
  if (texts(context, "snapshot").length > 0) return await askOffline(context);
  if (texts(context, "host").length > 0 || context.options.details === true) {
    throw usage(
      "--host and --details need --snapshot",
      "Omit them: the answer of this host is always complete.",
    );
  }
  return await askHere(context);
}

async function askHere(context: Context): Promise<number> {
  const files = [];
  for (const subject of context.args) files.push(await readSourceFile(subject));
  const machine = machineAmong(files);
  const testing = text(context, "preflight") !== null;
  const left = testing ? await recover(context) : [];
  const snapshot = await lookAtHost(context);
  const world = await context.openWorld();
  const options = new Map<Identity, AnswerOptions>();
  const add = async (source: Identity, found: readonly Problem[]) => {
    const migratable = reasonsNotToMigrate(source).length === 0;
    const tested = testing && migratable
      ? await testCandidates(world, snapshot, source, preflightPolicy(context))
      : null;
    tellProblems(context.terminal, tested?.problems ?? []);
    // Report what an earlier run left behind only once, with the first source.
    const before = [...options.size === 0 ? left : [], ...found];
    const problems = [...before, ...tested?.problems ?? []];
    options.set(source, { ...askOptions(context), ...tested, problems });
  };
  if (machine !== null) {
    for (const source of askedMachine(context, machine).sources) await add(source, []);
  }
  for (const [index, file] of files.entries()) {
    if (file !== null && "machine" in file) continue;
    const found = file === null
      ? await identifySource(context, snapshot, context.args[index]!)
      : { identity: file.identity, problems: [] };
    await add(withWish(context, found.identity), found.problems);
  }
  const asked: Asked = { sources: asMachine([...options.keys()]), machine };
  const optionsOf = (source: Identity) => options.get(source) ?? {};
  if (makeWanted(context) !== null) return await tellHow(context, snapshot, asked, optionsOf);
  const told = await tell(context, snapshot, asked, optionsOf);
  context.terminal.out(context.options.json ? json(told.document) : told.text);
  return told.code;
}

/** A device of this host as a source, with its initial data if tests need it. Also reports the problems it returns. */
async function identifySource(
  context: Context,
  snapshot: Snapshot,
  id: string,
): Promise<{ identity: Identity; problems: Problem[] }> {
  const identity = identify(snapshot, id);
  if (text(context, "preflight") === null || identity.migration.uapi === "none") {
    return { identity, problems: [] };
  }
  const policy = dataPolicy(context);
  try {
    return await identifyHere(context, snapshot, id, policy);
  } catch (error) {
    const problems = [toProblem(error, id)];
    tellProblems(context.terminal, problems);
    return { identity, problems };
  }
}
