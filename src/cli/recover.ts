import type { Problem } from "../documents/mod.ts";
import { recoverDevices } from "../trials/mod.ts";
import type { Context } from "./command.ts";
import { preflightPolicy } from "./options.ts";
import { tellProblems } from "./words.ts";

/** Puts right what an earlier run left, and tells what could not be; gives that too. */
export async function recover(context: Context): Promise<Problem[]> {
  const world = await context.openWorld();
  const problems = await recoverDevices(world, preflightPolicy(context));
  tellProblems(context.terminal, problems);
  return problems;
}
