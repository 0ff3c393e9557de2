import {
  answer,
  type AnswerOptions,
  type Answers,
  answerTogether,
  cannotMigrate,
  MAX_PLANS,
  MOST_OFFERS,
  sourcesOf,
} from "../answers/mod.ts";
import { type OfferOrder, reasonsNotToMigrate } from "../judge/ask/mod.ts";
import {
  type Answer,
  escaped,
  type Identity,
  type RefusalsMode,
  type Snapshot,
  type VirtualMachine,
} from "../documents/mod.ts";
import { codeOf, type Context, NO } from "./command.ts";
import { explainAnswer } from "./explain_answer.ts";
import { formatAnswer, reasonLines } from "./format_answer.ts";
import { formatTogether } from "./format_together.ts";
import { count, subsystemMode, text, usage, wrongValue } from "./options.ts";
import { vmmOption } from "./vmm_options.ts";

/** The devices of one virtual machine, one or more. */
export type Sources = readonly [Identity, ...Identity[]];

/** What is asked about: the sources, and the document of their virtual machine, if it was given. */
export interface Asked {
  sources: Sources;
  machine: VirtualMachine | null;
}

/** The sources of a virtual machine, with the additions from the command line. */
export function askedMachine(context: Context, machine: VirtualMachine): Asked {
  const sources = sourcesOf(machine).map((source) => withWish(context, source));
  return { sources: asMachine(sources), machine };
}

/** The answer of a host: exit code, document (the same as over HTTP), and text. */
export interface Told {
  code: number;
  document: Answer | Answers;
  text: string;
}

/** Computes a host's answer for one source, or for all devices of a virtual machine. */
export async function tell(
  context: Context,
  snapshot: Snapshot,
  { sources, machine }: Asked,
  optionsOf: (source: Identity) => AnswerOptions,
): Promise<Told> {
  const [source] = sources;
  const format = context.options.explain ? explainAnswer : formatAnswer;
  if (sources.length > 1 || machine !== null) {
    const plans = plansWanted(context);
    const document = await answerTogether(snapshot, sources, { optionsOf, plans, machine });
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
      text: escaped(`${id} (${type}) cannot migrate to any host:`) + "\n" +
        reasonLines(reasons),
    };
  }
  const document = answer(snapshot, source, options);
  // Compatible offers come first in every order.
  const verdict = document.offers[0]?.verdict ?? "incompatible";
  return { code: codeOf(verdict), document, text: format(document) };
}

/** How many plans to print for several sources. */
export function plansWanted(context: Context): number {
  const plans = count(context, "plans") ?? 1;
  if (plans >= 1 && plans <= MAX_PLANS) return plans;
  throw wrongValue("plans", plans, `not a number from 1 to ${MAX_PLANS}`, "3");
}

/** What the answer should contain, from the options. */
export function askOptions(context: Context): AnswerOptions {
  return {
    omitUnknown: context.options["no-unknown"] === true,
    subsystem: subsystemMode(context),
    order: (text(context, "order") ?? "evidence") as OfferOrder,
    refusals: (text(context, "refusals") ?? "grouped") as RefusalsMode,
    offers: offersWanted(context),
  };
}

/** How many offers to print. */
function offersWanted(context: Context): number {
  const given = text(context, "offers");
  if (given === null) return MOST_OFFERS;
  if (given === "all") return Infinity;
  if (/^[1-9]\d{0,5}$/.test(given)) return Number(given);
  throw wrongValue("offers", given, "not a positive number or all", "20 or all");
}

/** A source with the additions from the command line. */
export function withWish(context: Context, source: Identity): Identity {
  const numaNode = count(context, "numa-node");
  const vmm = vmmOption(context);
  return {
    ...source,
    ...(numaNode === null ? {} : { wish: { ...source.wish, numaNode } }),
    ...(vmm === null ? {} : { vmm: { ...source.vmm, ...vmm } }),
  };
}

/** Checks the devices of one virtual machine. Throws if one is named twice. */
export function asMachine(sources: readonly Identity[]): Sources {
  const [first, ...others] = sources;
  if (first === undefined) throw usage("no source given", "Name an IDENTITY.json or a DEVICE.");
  const ids = sources.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice === undefined) return [first, ...others];
  throw usage(`${twice}: named twice`, "Name each device of the virtual machine once.");
}
