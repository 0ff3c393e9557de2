import { type Answer, escaped, type Offer, type Reason, type Refusal } from "../documents/mod.ts";
import { isNeed, needText, notSeenLine, rankedLines } from "./needs.ts";
import { type Columns, formatColumns, formatTable } from "./table.ts";
import { availabilityWords, configurationWords, snapshotWords } from "./words.ts";

/** An answer as text, with tables. */
export function formatAnswer(answer: Answer): string {
  const { source, offers, refusals, reasons, omitted, preflight } = answer;
  const lines = [
    `source  ${source.id}, ${source.description}`,
    `host    ${snapshotWords(answer)}`,
    "",
  ].map((line) => `${escaped(line)}\n`);
  const needs = rankedLines("need", offers, ({ needs }) => needs.map(needText));
  return [
    ...lines,
    ...needs,
    ...(needs.length === 0 ? [] : ["\n"]),
    offers.length === 0
      ? "No configuration of this host is compatible.\n"
      : formatColumns(offers, OFFER_COLUMNS),
    ...leftOutLines(answer),
    reasonLines(reasons, ""),
    ...(omitted === 0 ? [] : [`${omitted} with an unknown verdict omitted\n`]),
    ...(preflight === "offline" ? ["no preflight: only the host's snapshot is available\n"] : []),
    ...noteLines(answer),
    ...(offers.length === 0 ? [] : [`${notSeenLine(answer)}\n`]),
    ...(refusals.length === 0
      ? []
      : ["\n", formatTable(["REFUSED", "CODE", "REASON"], refusalRows(refusals))]),
  ].join("");
}

/** Reasons as text, one per line. */
export function reasonLines(reasons: readonly Reason[], indent = "  "): string {
  return reasons.map(({ code, sentence }) => `${indent}${code}: ${escaped(sentence)}\n`)
    .join("");
}

/** How many entries are not shown, with the option that shows them. */
export function leftOutLines({ offered, offers, refused, refusals }: Answer): string[] {
  const more = offered - offers.length;
  return [
    ...(more > 0 ? [`${more} more of ${offered} offers: use --offers=all\n`] : []),
    ...(refused > 0 && refusals.length === 0
      ? [`${refused} refused: use --refusals=grouped\n`]
      : []),
  ];
}

const OFFER_COLUMNS: Columns<Offer> = {
  "RANK": ({ rank }) => String(rank),
  "OFFER": ({ configuration }) => configurationWords(configuration),
  "VERDICT": ({ verdict }) => verdict,
  "EVIDENCE": ({ evidence, rule }) =>
    evidence === "vendor-rule" && rule !== null ? `${evidence} (${rule.file})` : evidence ?? "-",
  "AVAILABLE": ({ availability }) => availabilityWords(availability),
  "CREATE WITH": ({ create }) => create?.command ?? "-",
};

/** A row for each reason; the first row names what is refused. */
function refusalRows(refusals: readonly Refusal[]): string[][] {
  return refusals.flatMap((refusal) =>
    refusal.reasons.map(({ code, sentence }, index) => [
      index === 0 ? refusedWords(refusal) : "",
      code,
      sentence,
    ])
  );
}

/** The configurations that a refusal covers, in a few words. */
function refusedWords({ configuration, others = [] }: Refusal): string {
  if (others.length === 0) return configurationWords(configuration);
  const { kind, type, id } = configuration;
  const all = [{ kind, type, count: 1, ids: id === undefined ? [] : [id] }, ...others];
  const devices = all.filter(({ kind }) => kind === "device");
  const types = all.filter(({ kind }) => kind !== "device");
  return [
    countWords("device", sumOf(devices), devices.flatMap(({ ids = [] }) => ids)),
    countWords("type", sumOf(types), [...new Set(types.map(({ type }) => type))]),
  ].flatMap((words) => words ?? []).join(", ");
}

/** `device A`, `2 devices (A, B)`, `600 devices (A, …)`; null for none. */
function countWords(word: string, count: number, names: readonly string[]): string | null {
  if (count === 0) return null;
  if (count === 1) return `${word} ${names[0]}`;
  const some = names.length > 2 || count > names.length ? [names[0], "…"] : names;
  return `${count} ${word}s (${some.join(", ")})`;
}

function sumOf(all: readonly { count: number }[]): number {
  return all.reduce((sum, { count }) => sum + count, 0);
}

/** Warnings and open questions of offers. */
function noteLines({ offers }: Answer): string[] {
  return rankedLines("note", offers, (offer) => {
    const isOpen = ({ code }: Reason) => code !== "SameType" && !isNeed(offer, code);
    const unknown = offer.verdict === "unknown" ? offer.reasons.filter(isOpen) : [];
    return [...unknown, ...offer.warnings].map(({ code, sentence, source, host }) => {
      const values = code === "FirmwareDecides" ? ` (source: ${source}; host: ${host})` : "";
      return `${code}: ${sentence}${values}`;
    });
  });
}
