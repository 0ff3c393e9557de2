import type { AnswerOptions } from "../answers/mod.ts";
import type { Identity, Problem, Snapshot } from "../documents/mod.ts";
import { askHost, compareHosts, type HostEntry } from "./ask_hosts.ts";
import { codeOf, type Context, USAGE } from "./command.ts";
import { type Hosts, printHosts, printHostsAsJson } from "./print_hosts.ts";
import { text, texts, usage } from "./options.ts";
import { showProgress } from "./progress.ts";
import {
  fileProblem,
  listSnapshotFiles,
  openSnapshots,
  readIdentityFile,
  rulesRefused,
} from "./read_document.ts";
import { askOptions, asMachine, plansWanted, type Sources, tell, withWish } from "./tell_answer.ts";
import { tellProblems } from "./words.ts";

/**
 * Answers for other hosts from their snapshots, and returns the exit code.
 *
 * Snapshots are read one after another, and only the entry of each is kept in memory. Full answers are computed again
 * from the files when they are printed. A file that cannot be read is a problem, and the other hosts still answer.
 */
export async function askOffline(context: Context): Promise<number> {
  const { terminal, options: { json, details } } = context;
  if (text(context, "preflight") !== null) {
    throw usage(
      "--preflight with --snapshot: a snapshot has no driver to test",
      "Omit one of them.",
    );
  }
  plansWanted(context);
  const sources = await readSources(context);
  const options = { ...askOptions(context), offline: true };
  const files = texts(context, "snapshot").flatMap(listSnapshotFiles);
  const read = openSnapshots();
  const hosts = await askEach(context, { files, read, sources, options });
  const { entries, problems, refusedRules } = hosts;
  const answerOf = async ({ file }: HostEntry) => {
    try {
      return await tell(context, await read(file), sources, () => options);
    } catch (error) {
      problems.push(fileProblem(error, file));
      return null;
    }
  };
  const isWhole = details === true || texts(context, "host").length > 0;
  if (json) await printHostsAsJson(terminal, hosts, isWhole ? answerOf : null);
  else if (files.length === 1) {
    for (const entry of entries) terminal.out((await answerOf(entry))?.text ?? "");
  } else await printHosts(terminal, hosts, isWhole || context.options.explain ? answerOf : null);
  tellFirst(context, [...refusedRules, ...problems]);
  return problems.length > 0 ? USAGE : codeOf(entries[0]?.verdict ?? "incompatible");
}

/** Reads the devices of one virtual machine from files. */
async function readSources(context: Context): Promise<Sources> {
  const sources: Identity[] = [];
  for (const subject of context.args) {
    const source = await readIdentityFile(subject);
    if (source === null) {
      throw usage(
        `${subject}: with --snapshot, the source must be a file`,
        "Name an IDENTITY.json or -.",
      );
    }
    sources.push(withWish(context, source));
  }
  return asMachine(sources);
}

/** Asks every host, or only the named ones. Throws if no snapshot has that name. */
async function askEach(
  context: Context,
  { files, read, sources, options }: {
    files: readonly string[];
    read: (file: string) => Promise<Snapshot>;
    sources: Sources;
    options: AnswerOptions;
  },
): Promise<Hosts> {
  const names = texts(context, "host");
  const entries: HostEntry[] = [];
  const problems: Problem[] = [];
  const refusedRules = new Map<string, Problem>();
  const progress = showProgress(context.terminal, { what: "snapshot", total: files.length });
  const seen = new Set<string>();
  for (const [index, file] of files.entries()) {
    progress(index);
    try {
      const snapshot = await read(file);
      const { name } = snapshot.host;
      seen.add(name);
      if (names.length > 0 && !names.includes(name)) continue;
      entries.push(await askHost(file, snapshot, sources, options));
      for (const problem of rulesRefused(snapshot)) refusedRules.set(problem.sentence, problem);
    } catch (error) {
      problems.push(fileProblem(error, file));
    }
  }
  progress(files.length);
  const missing = names.find((name) => !seen.has(name));
  if (missing !== undefined) {
    tellFirst(context, problems);
    throw usage(
      `--host ${missing}: no snapshot of this host`,
      "Use the host name that is in the snapshot.",
    );
  }
  entries.sort(compareHosts(options.order));
  return { sources, entries, problems, refusedRules: [...refusedRules.values()] };
}

/** How many problems are printed on standard error; the JSON document has all of them. */
const MOST_TOLD = 20;

function tellFirst({ terminal }: Context, problems: readonly Problem[]): void {
  tellProblems(terminal, problems.slice(0, MOST_TOLD));
  const more = problems.length - MOST_TOLD;
  if (more > 0) terminal.err(`vfio-ask: ${more} more problems. Run with --json to see all.\n`);
}
