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
  machineAmong,
  openSnapshots,
  readSourceFile,
  rulesRefused,
} from "./read_document.ts";
import { makeWanted, tellHow } from "./make_plan.ts";
import {
  type Asked,
  askedMachine,
  askOptions,
  asMachine,
  plansWanted,
  tell,
  withWish,
} from "./tell_answer.ts";
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
  const asked = await readAsked(context);
  const options = { ...askOptions(context), offline: true };
  const files = texts(context, "snapshot").flatMap(listSnapshotFiles);
  const read = openSnapshots();
  const hosts = await askEach(context, { files, read, asked, options });
  const { entries, problems, refusedRules } = hosts;
  if (makeWanted(context) !== null && problems.length === 0) {
    const [only, ...others] = entries;
    if (only === undefined || others.length > 0) {
      throw usage(
        `--make with ${entries.length} hosts: a plan is for one host`,
        "Choose the host with --host NAME.",
        "--make",
      );
    }
    tellFirst(context, refusedRules);
    return await tellHow(context, await read(only.file), asked, () => options);
  }
  const answerOf = async ({ file }: HostEntry) => {
    try {
      return await tell(context, await read(file), asked, () => options);
    } catch (error) {
      problems.push(fileProblem(error, file));
      return null;
    }
  };
  const isWhole = details === true || texts(context, "host").length > 0;
  if (makeWanted(context) !== null) {
    // A snapshot that cannot be read may be that of the host.
  } else if (json) await printHostsAsJson(terminal, hosts, isWhole ? answerOf : null);
  else if (files.length === 1) {
    for (const entry of entries) terminal.out((await answerOf(entry))?.text ?? "");
  } else await printHosts(terminal, hosts, isWhole || context.options.explain ? answerOf : null);
  tellFirst(context, [...refusedRules, ...problems]);
  return problems.length > 0 ? USAGE : codeOf(entries[0]?.verdict ?? "incompatible");
}

/** Reads the devices of one virtual machine from files. */
async function readAsked(context: Context): Promise<Asked> {
  const files = [];
  for (const subject of context.args) {
    const file = await readSourceFile(subject);
    if (file === null) {
      throw usage(
        `${subject}: with --snapshot, the source must be a file`,
        "Name an IDENTITY.json, a VM.json or -.",
      );
    }
    files.push(file);
  }
  const machine = machineAmong(files);
  if (machine !== null) return askedMachine(context, machine);
  const sources = files.flatMap((file): Identity[] =>
    "identity" in file ? [withWish(context, file.identity)] : []
  );
  return { sources: asMachine(sources), machine };
}

/** Asks every host, or only the named ones. Throws if no snapshot has that name. */
async function askEach(
  context: Context,
  { files, read, asked, options }: {
    files: readonly string[];
    read: (file: string) => Promise<Snapshot>;
    asked: Asked;
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
      entries.push(await askHost(file, snapshot, asked, options));
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
  return { sources: asked.sources, entries, problems, refusedRules: [...refusedRules.values()] };
}

/** How many problems are printed on standard error; the JSON document has all of them. */
const MOST_TOLD = 20;

function tellFirst({ terminal }: Context, problems: readonly Problem[]): void {
  tellProblems(terminal, problems.slice(0, MOST_TOLD));
  const more = problems.length - MOST_TOLD;
  if (more > 0) terminal.err(`vfio-ask: ${more} more problems. Run with --json to see all.\n`);
}
