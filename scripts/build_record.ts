/** Writes what `vfio-ask version` says about how a program was built. */
import type { Build } from "../src/cli/built.ts";
import type { Denort } from "./denort.ts";

/** What this build is made of. */
export async function describeBuild(denort: Denort): Promise<Build> {
  const commit = await git("rev-parse", "HEAD");
  const changed = (await git("status", "--porcelain") ?? "") !== "";
  const { origin, from, deno, sha256 } = denort;
  return { commit, changed: commit !== null && changed, runtime: { origin, from, deno, sha256 } };
}

/**
 * The time of the sources in seconds since 1970: that of the commit, so that each build of a commit is the same.
 * Source: SOURCE_DATE_EPOCH (reproducible-builds.org), otherwise the time of the commit, otherwise 0.
 */
export async function sourceTime(): Promise<number> {
  const named = Deno.env.get("SOURCE_DATE_EPOCH");
  if (named !== undefined && !/^\d+$/.test(named)) {
    throw new Error(`Cannot use SOURCE_DATE_EPOCH=${named}: expected seconds since 1970`);
  }
  return Number(named ?? await git("log", "-1", "--format=%ct") ?? 0);
}

/** The output of git, or null if this is no git repository. */
async function git(...args: string[]): Promise<string | null> {
  const command = new Deno.Command("git", { args, stdout: "piped", stderr: "null" });
  const output = await command.output().catch(() => null);
  if (output === null || !output.success) return null;
  return new TextDecoder().decode(output.stdout).trim();
}
