import { escaped, HOSTS_SCHEMA, type Problem, type Verdict } from "../documents/mod.ts";
import type { HostEntry } from "./ask_hosts.ts";
import type { Terminal } from "./command.ts";
import { formatTable } from "./table.ts";
import type { Sources, Told } from "./tell_answer.ts";
import { availabilityWords, configurationWords } from "./words.ts";

/**
 * The answers of many hosts for a source, best first. `problems` are files that cannot be read; more can be added while
 * answers are printed. `refusedRules` are invalid rules in snapshots, without duplicates.
 */
export interface Hosts {
  sources: Sources;
  entries: HostEntry[];
  problems: Problem[];
  refusedRules: Problem[];
}

/** Computes a host's full answer; null, and a problem, if its snapshot can no longer be read. */
export type AnswerOf = (entry: HostEntry) => Promise<Told | null>;

/** Prints a table of hosts, and the full answers below it if `answerOf` is given. */
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
      ["HOST", "VERDICT", "EVIDENCE", "BEST OFFER", "AVAILABLE", "REASONS"],
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
 * Prints the document of hosts, the same for one host and for many: one host per line, with its full `answer` if
 * `answerOf` is given. Each line is written at once, so that memory does not grow with the number of hosts.
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
