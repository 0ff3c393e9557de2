import { type AnswerOptions, MAX_TOGETHER } from "../answers/mod.ts";
import { identify } from "../documents/mod.ts";
import { identifyWithData, testCandidates } from "../trials/mod.ts";
import { reasonsNotToMigrate } from "../judge/ask/mod.ts";
import { type Identity, type Problem, type Snapshot, toProblem } from "../documents/mod.ts";
import { askOffline } from "./ask_offline.ts";
import type { Context } from "./command.ts";
import { json, lookAtHost } from "./look.ts";
import { preflightPolicy, stopCopyBytes, text, texts, usage } from "./options.ts";
import { recover } from "./preflight.ts";
import { readIdentityFile } from "./read_document.ts";
import { askOptions, asMachine, tell, withWish } from "./tell_answer.ts";
import { tellProblems } from "./words.ts";

/** Runs the command `ask`; gives its exit code. */
export async function runAsk(context: Context): Promise<number> {
  if (context.args.length === 0) {
    throw usage("ask takes an IDENTITY.json or a DEVICE", "Name a file, - or a device.");
  }
  if (context.args.length > MAX_TOGETHER) {
    throw usage(
      `ask takes ${MAX_TOGETHER} sources together, not ${context.args.length}`,
      "Name the devices of one virtual machine.",
    );
  }
  if (texts(context, "snapshot").length > 0) return await askOffline(context);
  if (texts(context, "host").length > 0 || context.options.details === true) {
    throw usage("--host and --details go with --snapshot", "Leave them out: this host tells all.");
  }
  return await askHere(context);
}

async function askHere(context: Context): Promise<number> {
  const files = [];
  for (const subject of context.args) files.push(await readIdentityFile(subject));
  const testing = text(context, "preflight") !== null;
  const left = testing ? await recover(context) : [];
  const { snapshot } = await lookAtHost(context);
  const sources: Identity[] = [];
  const options = new Map<Identity, AnswerOptions>();
  for (const [index, file] of files.entries()) {
    const found = file === null
      ? await identifySource(context, snapshot, context.args[index]!)
      : { identity: file, problems: [] };
    const source = withWish(context, found.identity);
    const migratable = reasonsNotToMigrate(source).length === 0;
    const tested = testing && migratable ? await testAll(context, snapshot, source) : null;
    // What an earlier run left is told once, with the first source.
    const before = [...index === 0 ? left : [], ...found.problems];
    const problems = [...before, ...tested?.problems ?? []];
    sources.push(source);
    options.set(source, { ...askOptions(context), ...tested, problems });
  }
  const told = await tell(context, snapshot, {
    sources: asMachine(sources),
    optionsOf: (source) => options.get(source) ?? {},
  });
  context.terminal.out(context.options.json ? json(told.document) : told.text);
  return told.code;
}

/**
 * A device of this host as a source: with its initial data where it is to be tested with, and the problems met, which
 * are told.
 */
async function identifySource(
  context: Context,
  snapshot: Snapshot,
  id: string,
): Promise<{ identity: Identity; problems: Problem[] }> {
  const identity = identify(snapshot, id);
  if (text(context, "preflight") === null || identity.migration.uapi === "none") {
    return { identity, problems: [] };
  }
  const world = await context.openWorld();
  const policy = { ...preflightPolicy(context), stopCopyBytes: stopCopyBytes(context) };
  try {
    const identified = await identifyWithData(world, snapshot, id, policy);
    tellProblems(context.terminal, identified.problems);
    return identified;
  } catch (error) {
    const problems = [toProblem(error, id)];
    tellProblems(context.terminal, problems);
    return { identity, problems };
  }
}

async function testAll(
  context: Context,
  snapshot: Snapshot,
  source: Identity,
): Promise<Required<Pick<AnswerOptions, "tests" | "problems">>> {
  const world = await context.openWorld();
  const policy = preflightPolicy(context);
  const tested = await testCandidates(world, snapshot, source, policy);
  tellProblems(context.terminal, tested.problems);
  return tested;
}
