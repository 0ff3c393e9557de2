import type { Answer, Offer, Reason } from "../identity/mod.ts";
import { isNeed, needLines, notSeenLine } from "./needs.ts";
import { escapeControls, formatTable } from "./table.ts";
import { availabilityWords, configurationWords, snapshotWords } from "./words.ts";

/** An answer for a person. */
export function formatAnswer(answer: Answer): string {
  const { source, offers, refusals } = answer;
  const lines = [
    `source  ${source.id}, ${source.description}`,
    `host    ${snapshotWords(answer)}`,
    "",
  ].map((line) => `${escapeControls(line)}\n`);
  const needs = needLines(offers);
  return [
    ...lines,
    ...needs,
    ...(needs.length === 0 ? [] : ["\n"]),
    offers.length === 0 ? "No configuration of this host is compatible.\n" : formatTable(
      ["RANK", "OFFER", "VERDICT", "EVIDENCE", "AVAILABLE", "MAKE IT WITH"],
      offers.map(offerRow),
    ),
    ...hostLines(answer),
    ...noteLines(answer),
    ...(offers.length === 0 ? [] : [`${notSeenLine(answer)}\n`]),
    ...(refusals.length === 0
      ? []
      : ["\n", formatTable(["REFUSED", "CODE", "REASON"], refusalRows(answer))]),
  ].join("");
}

/** Reasons for a person, one a line. */
export function reasonLines(reasons: readonly Reason[], indent = "  "): string {
  return reasons.map(({ code, sentence }) => `${indent}${code}: ${escapeControls(sentence)}\n`)
    .join("");
}

function offerRow(offer: Offer): string[] {
  const { rank, configuration, verdict, evidence, availability, create, rule } = offer;
  const by = evidence === "vendor-rule" && rule !== null ? ` (${rule.file})` : "";
  return [
    String(rank),
    configurationWords(configuration),
    verdict,
    `${evidence ?? "-"}${by}`,
    availabilityWords(availability),
    create?.command ?? "-",
  ];
}

/** What holds of the host or of the answer as a whole. */
function hostLines({ reasons, omitted, preflight }: Answer): string[] {
  const left = omitted === 0 ? "" : `${omitted} of unknown verdict left out\n`;
  const offline = preflight === "offline"
    ? "preflight not made: the host itself is not here, only its snapshot\n"
    : "";
  return [reasonLines(reasons, ""), left, offline];
}

/** A row for each reason; types that are refused for nothing but their name share one for each parent. */
function refusalRows({ refusals, source }: Answer): string[][] {
  const strangers = new Map<string, number>();
  const rows: string[][] = [];
  for (const { configuration, reasons } of refusals) {
    const { kind, parent } = configuration;
    if (kind !== "device" && reasons.every(({ code }) => STRANGERS.has(code))) {
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

/** What a type of another name is refused for, and of which a line for each tells nobody anything. */
const STRANGERS = new Set(["TypeDiffers", "TypeNeverAvailable"]);

/** What offers warn of and leave unknown, each once, with the offers that it is about. */
function noteLines({ offers }: Answer): string[] {
  const notes = new Map<string, number[]>();
  for (const offer of offers) {
    const { rank, verdict, reasons, warnings } = offer;
    const isOpen = ({ code }: Reason) => code !== "SameType" && !isNeed(offer, code);
    const unknown = verdict === "unknown" ? reasons.filter(isOpen) : [];
    for (const { code, sentence, source, host } of [...unknown, ...warnings]) {
      const values = code === "FirmwareDecides" ? ` (source: ${source}; host: ${host})` : "";
      const note = `${code}: ${sentence}${values}`;
      notes.set(note, [...notes.get(note) ?? [], rank]);
    }
  }
  return [...notes].map(([note, ranks]) =>
    `note (${ranks.length === offers.length ? "all" : ranks.join(", ")})  ${escapeControls(note)}\n`
  );
}
