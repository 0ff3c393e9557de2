import { type AnswerOptions, answerTogether, MAX_PLANS } from "../answers/mod.ts";
import { escaped, Failure, type Identity, type Move, type Snapshot } from "../documents/mod.ts";
import { codeOf, type Context, NO, type Option } from "./command.ts";
import { reasonLines } from "./format_answer.ts";
import { json } from "./look.ts";
import { count, text, usage, wrongValue } from "./options.ts";
import type { Asked } from "./tell_answer.ts";

/** What `--make` prints: the destination's XML, commands for both hosts, definitions of mdevs, or all as a document. */
const MADE = ["xml", "commands", "mdevctl"] as const;
type Made = (typeof MADE)[number];

/** The options that turn an answer into what carries it out. */
export const MAKE_OPTIONS: readonly Option[] = [
  {
    name: "make",
    value: "WHAT",
    help: "Print what carries out the plan, instead of the answer",
    choices: MADE,
  },
  { name: "plan", value: "RANK", help: "With --make, the plan of this rank (1)" },
  {
    name: "to",
    value: "URI",
    help: "With --make, libvirt's URI of the destination (qemu+ssh://HOST/system)",
  },
];

/** What `--make` says; null without it. Throws if an option that needs it is given alone. */
export function makeWanted(context: Context): Made | null {
  const made = text(context, "make") as Made | null;
  const alone = ["plan", "to"].find((name) => text(context, name) !== null);
  if (made === null && alone !== undefined) {
    throw usage(`--${alone} without --make`, `Add --make, or omit --${alone}.`, `--${alone}`);
  }
  return made;
}

/**
 * Prints what carries out a plan, and on standard error what a person has to look at. Returns the exit code of the
 * plan's verdict. Without a plan, prints only the reasons, on standard error.
 */
export async function tellMove(
  context: Context,
  snapshot: Snapshot,
  { asked: { sources, machine }, optionsOf, made }: {
    asked: Asked;
    optionsOf: (source: Identity) => AnswerOptions;
    made: Made;
  },
): Promise<number> {
  const { terminal } = context;
  const rank = planRank(context);
  const answers = await answerTogether(snapshot, sources, { optionsOf, plans: rank, machine });
  const { plans, blocking, verdict } = answers.together;
  const plan = plans.find((candidate) => candidate.rank === rank);
  if (plan === undefined) {
    if (plans.length > 0) {
      throw wrongValue("plan", rank, `there are only ${plans.length} plans`, String(plans.length));
    }
    for (const { source, reasons } of blocking) {
      terminal.err(`${escaped(source)}\n${reasonLines(reasons)}`);
    }
    return verdict === "unknown" ? codeOf(verdict) : NO;
  }
  // Loaded on demand, with the XML library.
  const { describeMove, makeMove } = await import("../moves/mod.ts");
  const to = text(context, "to");
  const move = await makeMove(
    { plan, sources, machine },
    snapshot,
    to === null ? {} : { to },
  );
  terminal.out(textOf(move, made, describeMove));
  if (plan.verdict === "unknown") {
    terminal.err("vfio-ask: It is unknown whether this plan works:\n" + reasonLines(plan.reasons));
  }
  if (made !== "commands") {
    for (const sentence of move.look) terminal.err(`vfio-ask: Look at: ${escaped(sentence)}\n`);
  }
  return codeOf(plan.verdict);
}

function textOf(move: Move, made: Made, describe: (move: Move) => string): string {
  switch (made) {
    case "commands":
      return describe(move);
    case "mdevctl": {
      const [first, ...others] = move.definitions;
      if (first === undefined) return json([]);
      if (others.length === 0) return json(first.mdevctl);
      return json(
        move.definitions.map(({ uuid, parent, mdevctl }) => ({ uuid, parent, ...mdevctl })),
      );
    }
    case "xml":
      if (move.xml !== null) return move.xml;
      throw new Failure("bad-input", "--make xml: the domain XML of the source is not known", {
        subject: "--make",
        remedy: "Ask with the document of vfio-ask identity --vm NAME, of a machine of libvirt.",
      });
  }
}

function planRank(context: Context): number {
  const rank = count(context, "plan") ?? 1;
  if (rank >= 1 && rank <= MAX_PLANS) return rank;
  throw wrongValue("plan", rank, `not a number from 1 to ${MAX_PLANS}`, "1");
}
