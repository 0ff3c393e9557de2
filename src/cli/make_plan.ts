import { type AnswerOptions, type Answers, answerTogether, MAX_PLANS } from "../answers/mod.ts";
import { escaped, type Identity, type Snapshot, type VirtualMachine } from "../documents/mod.ts";
import { codeOf, type Context, type Option } from "./command.ts";
import { count, text, usage, wrongValue } from "./options.ts";
import { json } from "./look.ts";
import type { Asked } from "./tell_answer.ts";

/** What `--make` can print of a plan. */
const FORMS = ["xml", "commands", "mdevctl"] as const;

/** The options that print how to carry out a plan. */
export const MAKE_OPTIONS: readonly Option[] = [
  {
    name: "make",
    value: "FORM",
    help:
      "Print how to carry out the plan instead of the answer: the domain XML for this host, a shell script, or mdevs",
    choices: FORMS,
  },
  { name: "plan", value: "RANK", help: "Carry out the plan of this rank (1)" },
  { name: "to", value: "URI", help: "Reach libvirt of this host so (qemu+ssh://HOST/system)" },
];

/** The rank of the plan that `--make` carries out; null without. Throws a usage error for wrong options. */
export function makeWanted(context: Context): number | null {
  const made = text(context, "make") !== null;
  for (const name of ["plan", "to"]) {
    if (made || text(context, name) === null) continue;
    throw usage(`--${name} needs --make`, "Add --make commands.", `--${name}`);
  }
  if (!made) return null;
  const to = text(context, "to");
  if (to !== null && !isUri(to)) {
    throw wrongValue("to", to, "not a URI of libvirt", "qemu+ssh://hv/system");
  }
  for (const name of ["explain", "details"]) {
    if (context.options[name] === true) {
      throw usage(`--${name} with --make: no answer is printed`, "Omit one of them.");
    }
  }
  const rank = count(context, "plan") ?? 1;
  if (rank >= 1 && rank <= MAX_PLANS) return rank;
  throw wrongValue("plan", rank, `not a number from 1 to ${MAX_PLANS}`, "1");
}

/** Whether a text is a connection URI, which no program reads as an option. */
function isUri(text: string): boolean {
  return text.length <= 512 && /^[a-z][a-z0-9+.-]*:\/\/[^\s\p{Cc}]*$/iu.test(text);
}

/**
 * Prints how to carry out a plan of a host, and returns the exit code. Throws as
 * {@link makePlan}.
 */
export async function tellHow(
  context: Context,
  snapshot: Snapshot,
  { sources, machine }: Asked,
  optionsOf: (source: Identity) => AnswerOptions,
): Promise<number> {
  const rank = makeWanted(context) ?? 1;
  const answers = await answerTogether(snapshot, sources, { optionsOf, plans: rank, machine });
  return await makePlan(context, snapshot, { answers, sources, machine, rank });
}

/**
 * Prints how to carry out a plan of the answer, and returns the exit code. What is not part of it goes to standard error:
 * what is not certain, what must be freed first, what to look at. Without a plan, the reasons go there, and nothing is
 * printed. Throws a Failure for a plan that cannot be expressed.
 */
async function makePlan(
  context: Context,
  snapshot: Snapshot,
  { answers: { together, answers }, sources, machine, rank }: {
    answers: Answers;
    rank: number;
  } & Asked,
): Promise<number> {
  const { terminal } = context;
  const note = (line: string) => terminal.err(`vfio-ask: ${escaped(line)}\n`);
  const plan = together.plans[rank - 1];
  if (plan === undefined) {
    const known = together.plans.length;
    if (known > 0) {
      throw wrongValue(
        "plan",
        rank,
        `there ${known === 1 ? "is 1 plan" : `are ${known} plans`}`,
        "1",
      );
    }
    note(
      together.verdict === "unknown"
        ? "It is unknown whether there is a plan"
        : `There is no plan: ${snapshot.host.name} cannot take these devices`,
    );
    for (const { source, reasons } of together.blocking) {
      for (const { code, sentence } of reasons) note(`${source}: ${code}: ${sentence}`);
    }
    return codeOf(together.verdict);
  }
  // Loaded on demand: only this option needs it.
  const { definitionsDocument, makeMove, writeScript } = await import("../moves/mod.ts");
  const vm = machine === null ? null : movedMachine(machine);
  const form = text(context, "make");
  if (form === "xml" && vm?.xml == null) throw withoutXml(machine);
  const host = snapshot.host.name;
  const move = makeMove({ plan, vm, host, to: text(context, "to") });
  if (context.options.json === true) terminal.out(json(move));
  else if (form === "xml") terminal.out(move.xml!);
  else if (form === "mdevctl") terminal.out(json(definitionsDocument(move)));
  else terminal.out(writeScript(move, { sourceHost: sources[0].host.name }));
  if (plan.verdict === "unknown") {
    note("It is unknown whether the migration will succeed. Open questions:");
    const open = answers.flatMap(({ source, offers }) => {
      const placement = plan.placements.find((one) => one.source === source.id);
      const offer = offers.find((one) => one.rank === placement?.offer);
      return offer?.verdict === "unknown" ? offer.reasons : [];
    });
    for (const { code, sentence } of [...plan.reasons, ...open]) {
      if (code !== "MustBeFreed" && code !== "SameType") note(`${code}: ${sentence}`);
    }
  }
  if (!plan.now) {
    note("The plan is not possible now. First:");
    for (const { code, sentence } of plan.reasons) {
      if (code === "MustBeFreed") note(`${code}: ${sentence}`);
    }
  }
  for (const line of move.look) note(line);
  return codeOf(plan.verdict);
}

/** What of a virtual machine a move needs. */
function movedMachine({ name, uuid, host, state, libvirt }: VirtualMachine) {
  return { name, uuid, host: host.name, state, xml: libvirt?.xml ?? null };
}

function withoutXml(machine: VirtualMachine | null) {
  return machine === null
    ? usage(
      "--make xml needs a virtual machine: an identity has no domain XML",
      "Give the document of vfio-ask identity --vm NAME, or use --make commands.",
      "--make",
    )
    : usage(
      `--make xml: the document of ${machine.name} has no domain XML`,
      `Run vfio-ask identity --vm ${machine.name} as root, on a host where libvirt manages it.`,
      "--make",
    );
}
