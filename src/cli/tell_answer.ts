import {
  answer,
  type AnswerOptions,
  type Answers,
  answerTogether,
  cannotMigrate,
  MAX_PLANS,
  MOST_OFFERS,
} from "../answers/mod.ts";
import { type OfferOrder, reasonsNotToMigrate } from "../judge/ask/mod.ts";
import {
  type Answer,
  escaped,
  type Identity,
  type RefusalsMode,
  type Snapshot,
  type Verdict,
} from "../documents/mod.ts";
import { type Context, NO, UNKNOWN, YES } from "./command.ts";
import { explainAnswer } from "./explain_answer.ts";
import { formatAnswer, reasonLines } from "./format_answer.ts";
import { formatTogether } from "./format_together.ts";
import { count, subsystemMode, text, usage } from "./options.ts";
import { vmmOption } from "./vmm_options.ts";

/** The devices of one virtual machine, or a single one. */
export type Sources = readonly [Identity, ...Identity[]];

/** What a host said: the exit code, the document that HTTP gives, and the text for a person. */
export interface Told {
  code: number;
  document: Answer | Answers;
  text: string;
}

/** A host's answer to one source, or to all of a virtual machine. */
export async function tell(
  context: Context,
  snapshot: Snapshot,
  { sources, optionsOf }: {
    sources: Sources;
    optionsOf: (source: Identity) => AnswerOptions;
  },
): Promise<Told> {
  const [source] = sources;
  const format = context.options.explain ? explainAnswer : formatAnswer;
  if (sources.length > 1) {
    const plans = plansWanted(context);
    const document = await answerTogether(snapshot, sources, { optionsOf, plans });
    const code = codeOf(document.together.verdict);
    return { code, document, text: formatTogether(document, format) };
  }
  const options = optionsOf(source);
  const reasons = reasonsNotToMigrate(source);
  if (reasons.length > 0) {
    const { id, type } = source;
    return {
      code: NO,
      document: cannotMigrate(snapshot, source, { ...options, reasons }),
      text: escaped(`${id} (${type}) cannot migrate, wherever to:`) + "\n" +
        reasonLines(reasons),
    };
  }
  const document = answer(snapshot, source, options);
  return { code: codeOf(verdictOf(document)), document, text: format(document) };
}

/** The best that a host offers. */
export function verdictOf({ offers }: Pick<Answer, "offers">): Verdict {
  // Compatible offers come first, whatever the order.
  return offers[0]?.verdict ?? "incompatible";
}

/** The exit code that a verdict is told by. */
export function codeOf(verdict: Verdict): number {
  return { compatible: YES, unknown: UNKNOWN, incompatible: NO }[verdict];
}

/** How many plans are told of several sources. */
export function plansWanted(context: Context): number {
  const plans = count(context, "plans") ?? 1;
  if (plans >= 1 && plans <= MAX_PLANS) return plans;
  throw usage(`--plans ${plans}: not a number from 1 to ${MAX_PLANS}`, "Write --plans 3.");
}

/** What is wanted of an answer, by the options. */
export function askOptions(context: Context): AnswerOptions {
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
export function withWish(context: Context, source: Identity): Identity {
  const numaNode = count(context, "numa-node");
  const vmm = vmmOption(context);
  return {
    ...source,
    ...(numaNode === null ? {} : { wish: { ...source.wish, numaNode } }),
    ...(vmm === null ? {} : { vmm: { ...source.vmm, ...vmm } }),
  };
}

/** The devices of one virtual machine. Throws where one is named twice. */
export function asMachine(sources: readonly Identity[]): Sources {
  const [first, ...others] = sources;
  if (first === undefined) throw usage("no source is named", "Name an IDENTITY.json or a DEVICE.");
  const ids = sources.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice === undefined) return [first, ...others];
  throw usage(`${twice} is there twice`, "Name each device of the virtual machine once.");
}
