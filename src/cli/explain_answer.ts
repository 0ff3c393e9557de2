import {
  type Answer,
  escaped,
  type Offer,
  type Others,
  type Reason,
  type Refusal,
} from "../documents/mod.ts";
import { leftOutLines } from "./format_answer.ts";
import { isNeed, needSentences, notSeenLine } from "./needs.ts";
import { availabilityWords, configurationWords, snapshotWords, whyNotNow } from "./words.ts";

/** An answer in sentences: each offer and refusal with all reasons, both values and kernel checks. */
export function explainAnswer(answer: Answer): string {
  const { source, offers, refusals, reasons, omitted, preflight } = answer;
  const shared = sharedLines(offers, ({ warnings }) => warnings.map(reasonSentence));
  const needed = sharedLines(offers, needsOf);
  const told = new Set([...shared, ...needed]);
  const whole = [
    `Host: ${snapshotWords(answer)}.`,
    `Source: ${source.id}, ${source.description} (type ${source.type}).`,
    ...reasons.map(reasonSentence),
    ...(omitted > 0 ? [`${omitted} with an unknown verdict omitted.`] : []),
    ...(preflight === "offline"
      ? ["No driver was tested: only the host's snapshot is available."]
      : []),
  ];
  const blocks = [
    whole,
    offers.length === 0 ? ["No configuration of this host is compatible."] : [],
    needed.length === 0 ? [] : ["All of them need:", ...needed.map(indent)],
    ...offers.map((offer) => explainOffer(offer, told)),
    shared.length === 0 ? [] : ["Warnings for all of them:", ...shared.map(indent)],
    offers.length === 0 ? [] : [`${capitalize(notSeenLine(answer))}.`],
    leftOutLines(answer).map((line) => line.trimEnd()),
    ...refusals.map((refusal) => explainRefusal(refusal, told)),
  ];
  return blocks.filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${escaped(line)}\n`).join("")).join("\n");
}

/** The lines that all offers have in common, to print only once. */
function sharedLines(offers: readonly Offer[], linesOf: (offer: Offer) => string[]): string[] {
  if (offers.length < 2) return [];
  const lines = offers.map(linesOf);
  return lines[0]!.filter((line) => lines.every((others) => others.includes(line)));
}

function explainOffer(offer: Offer, told: Set<string>): string[] {
  const { rank, configuration, verdict, evidence, availability, reasons, warnings, create } = offer;
  const needs = needsOf(offer).filter((line) => !told.has(line)).map(indent);
  const says = verdict === "compatible"
    ? `can accept it (${evidenceWords(offer)})`
    : evidence === null
    ? "may or may not accept it"
    : `can accept it (${evidenceWords(offer)}), but QEMU may refuse`;
  const available = availability.now
    ? `available ${availabilityWords(availability)}`
    : `not available now: ${whyNotNow(availability)}`;
  const beware = warnings.map(reasonSentence).filter((line) => !told.has(line));
  return [
    `${rank}. ${configurationWords(configuration)} ${says}; ${available}.`,
    ...(needs.length === 0 ? [] : ["   It needs:", ...needs]),
    ...reasons.filter(({ code }) => !isNeed(offer, code)).map(reasonSentence).map(indent),
    ...beware.map((line) => `   Warning: ${line}`),
    ...(create?.command === undefined ? [] : [`   Create it with: ${create.command}`]),
  ];
}

/** Prints each warning of refusals only once. */
function explainRefusal(refusal: Refusal, told: Set<string>): string[] {
  const { configuration, evidence, reasons, warnings, count = 1, others = [] } = refusal;
  const by = evidence === null ? "" : ` (${evidenceWords(refusal)})`;
  const also = count === 1 ? "" : count === 2 ? " and 1 other" : ` and ${count - 1} others`;
  const besides = warnings.map(reasonSentence).filter((line) => !told.has(line));
  for (const line of besides) told.add(line);
  return [
    `${configurationWords(configuration)}${also} cannot accept it${by}.`,
    ...reasons.map(reasonSentence).map(indent),
    ...besides.map((line) => `   Warning: ${line}`),
    ...others.map((same) => `   Same reasons: ${sameWords(same)}.`),
  ];
}

/** `2 devices of type mtty-2 (A, B)`, `type mtty-2 on 30 parents (A, B, 28 more)`, `device A`. */
function sameWords({ kind, type, count, ids = [], parents = [] }: Others): string {
  const names = [...ids, ...parents];
  const [id, parent] = [ids[0], parents[0]];
  if (count === 1 && id !== undefined) return configurationWords({ kind, type, id });
  if (count === 1 && parent !== undefined) return configurationWords({ kind, type, parent });
  const more = count > names.length ? [`${count - names.length} more`] : [];
  const what = kind === "device"
    ? `${count} devices of type ${type}`
    : `type ${type} on ${count} parents`;
  return names.length === 0 ? what : `${what} (${[...names, ...more].join(", ")})`;
}

const needsOf = ({ needs }: Offer): string[] => needs.flatMap(needSentences);
const indent = (line: string): string => `   ${line}`;
const capitalize = (line: string): string => line[0]!.toUpperCase() + line.slice(1);

function evidenceWords({ rule, evidence }: Pick<Offer, "rule" | "evidence">): string {
  return evidence === "vendor-rule" && rule !== null
    ? `vendor-rule "${rule.name}" of ${rule.file}`
    : evidence ?? "";
}

/**
 * `mtty refused …. [DriverRefused; source: 24 bytes; kernel: write EFAULT]`: the sentence, and values that it lacks.
 */
function reasonSentence({ code, sentence, source, host, check }: Reason): string {
  const facts = [
    code,
    ...(source === null || sentence.includes(source) ? [] : [`source: ${source}`]),
    ...(host === null || sentence.includes(host) ? [] : [`host: ${host}`]),
    ...(check?.errno == null ? [] : [`kernel: ${check.step} ${check.errno}`]),
  ];
  return `${sentence}. [${facts.join("; ")}]`;
}
