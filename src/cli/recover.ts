import type { Problem } from "../documents/mod.ts";
import { recoverDevices } from "../trials/mod.ts";
import type { Context } from "./command.ts";
import { preflightPolicy } from "./options.ts";
import { tellProblems } from "./words.ts";

/** Resets devices that an earlier run left behind. Reports and returns the problems. */
export async function recover(context: Context): Promise<Problem[]> {
  const world = await context.openWorld();
  const problems = await recoverDevices(world, preflightPolicy(context));
  tellProblems(context.terminal, problems);
  return problems;
}
