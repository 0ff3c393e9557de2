import type { Identity, Problem, Snapshot } from "../documents/mod.ts";
import { identifyWithData, recoverDevices } from "../trials/mod.ts";
import type { Context } from "./command.ts";
import { dataPolicy, preflightPolicy } from "./options.ts";
import { tellProblems } from "./words.ts";

/** Resets devices that an earlier run left behind. Reports and returns the problems. */
export async function recover(context: Context): Promise<Problem[]> {
  const world = await context.openWorld();
  const problems = await recoverDevices(world, preflightPolicy(context));
  tellProblems(context.terminal, problems);
  return problems;
}

/** A device of this host as a source, with its initial data if it has any. Also reports the problems it returns. */
export async function identifyHere(
  context: Context,
  snapshot: Snapshot,
  id: string,
  policy = dataPolicy(context),
): Promise<{ identity: Identity; problems: Problem[] }> {
  const identified = await identifyWithData(await context.openWorld(), snapshot, id, policy);
  tellProblems(context.terminal, identified.problems);
  return identified;
}
