import { escaped, HOSTS_SCHEMA, type Problem, type Verdict } from "../documents/mod.ts";
import type { HostEntry } from "./ask_hosts.ts";
import type { Terminal } from "./command.ts";
import { formatTable } from "./table.ts";
import type { Sources, Told } from "./tell_answer.ts";
import { availabilityWords, configurationWords } from "./words.ts";

/**
 * What many hosts said to a source, best first. `problems` are files that cannot be read, and may grow while answers are
 * printed; `refusedRules` are rules in snapshots that cannot be used.
 */
export interface Hosts {
  sources: Sources;
  entries: readonly HostEntry[];
  problems: readonly Problem[];
  refusedRules: readonly Problem[];
}

/** A host's whole answer; null where its snapshot cannot be read any more, which is a problem then. */
export type AnswerOf = (entry: HostEntry) => Promise<Told | null>;

/** Prints a table of hosts for a person, and the whole answers below where they are wanted. */
export async function printHosts(
  terminal: Terminal,
  { sources, entries, problems }: Hosts,
  answerOf: AnswerOf | null,
): Promise<void> {
  for (const { id, description } of sources) {
    terminal.out(escaped(`source  ${id}, ${description}`) + "\n");
  }
  terminal.out(`hosts   ${countWords(entries, problems)}\n\n`);
  const names = new Set<string>();
  const twice = new Set<string>();
  for (const { host: { name } } of entries) (names.has(name) ? twice : names).add(name);
  const nameOf = ({ host: { name }, file }: HostEntry) =>
    twice.has(name) ? `${name} (${file})` : name;
  if (entries.length > 0) {
    terminal.out(formatTable(
      ["HOST", "VERDICT", "EVIDENCE", "BEST", "AVAILABLE", "WHY"],
      entries.map((entry) => [nameOf(entry), ...wordsOf(entry)]),
    ));
  }
  if (answerOf === null) return;
  for (const entry of entries) {
    const told = await answerOf(entry);
    if (told !== null) terminal.out(`\n${told.text}`);
  }
}

/**
 * Prints the document of hosts, the same for one host and for many: a host a line, with its whole `answer` where that is
 * wanted. It is written as it is made, so that it needs no memory.
 */
export async function printHostsAsJson(
  terminal: Terminal,
  { sources, entries, problems, refusedRules }: Hosts,
  answerOf: AnswerOf | null,
): Promise<void> {
  const field = (name: string, value: unknown) => `  "${name}": ${JSON.stringify(value)}`;
  const head = {
    schema: HOSTS_SCHEMA,
    sources: sources.map(({ id, type, description }) => ({ id, type, description })),
    verdict: entries[0]?.verdict ?? null,
  };
  terminal.out(
    `{\n${
      Object.entries(head).map(([name, value]) => `${field(name, value)},\n`).join("")
    }  "hosts": [`,
  );
  let separator = "\n";
  for (const entry of entries) {
    const told = await answerOf?.(entry);
    if (told === null) continue;
    const item = told === undefined ? entry : { ...entry, answer: told.document };
    terminal.out(`${separator}    ${JSON.stringify(item)}`);
    separator = ",\n";
  }
  terminal.out(`\n  ],\n${field("problems", [...refusedRules, ...problems])}\n}\n`);
}

/** `10 asked: 2 compatible, 1 unknown, 7 incompatible; 1 cannot be read`. */
function countWords(entries: readonly HostEntry[], problems: readonly Problem[]): string {
  const count = (wanted: Verdict) => entries.filter(({ verdict }) => verdict === wanted).length;
  const counts = (["compatible", "unknown", "incompatible"] as const)
    .map((verdict) => `${count(verdict)} ${verdict}`).join(", ");
  const unread = problems.length === 0 ? "" : `; ${problems.length} cannot be read`;
  return `${entries.length} asked: ${counts}${unread}`;
}

function wordsOf({ verdict, best, reasons }: HostEntry): string[] {
  const [first] = best?.placements ?? [];
  const why = [...new Set(reasons.map(({ code }) => code))].join(", ") || "-";
  if (best === null || first === undefined) return [verdict, "-", "-", "-", why];
  const together = best.placements.length > 1;
  return [
    verdict,
    together ? "-" : first.evidence ?? "-",
    together ? `all ${best.placements.length}` : configurationWords(first.configuration),
    together ? best.now ? "now" : "not now" : availabilityWords(first.availability),
    why,
  ];
}
