import { dirname } from "@std/path";
import { INSTALLED_SCHEMA } from "../documents/mod.ts";
import {
  below,
  makeDirectories,
  readIfThere,
  removeIfThere,
  type Step,
  type Target,
  writeWhole,
} from "./files.ts";
import { formatManifest, type Manifest, readManifest, sha256 } from "./manifest.ts";
import { HOOK_PATH, manifestBelow, type Plan, type PlannedFile } from "./plan.ts";

export type { Step, Target } from "./files.ts";

/** Options of {@link installFiles}. */
export interface InstallOptions extends Target {
  /** The version of the program, for the manifest. */
  version: string;
  /** Whether to write the manifest, which `uninstall` needs. A package has its own. */
  withManifest: boolean;
}

/**
 * Writes the files of a plan, and gives each one with what was done. Files of an earlier version that are no longer
 * part of the plan are removed. A file below `/etc` that somebody has changed since it was installed is kept.
 *
 * Effect: writes files, unless it is a dry run. Throws a `Failure` that names the file.
 */
export async function* installFiles(
  plan: Plan,
  { version, withManifest, ...target }: InstallOptions,
): AsyncGenerator<Step> {
  const before = readManifest(below(target, plan.manifest));
  const files: Manifest["files"] = [];
  const directories = new Set(before?.directories);
  const make = (path: string): string[] => {
    const made = makeDirectories(below(target, path), target)
      .map((directory) => "/" + directory.slice(target.root.length).replace(/^\/+/, ""));
    for (const directory of made) directories.add(directory);
    return made;
  };
  for (const directory of plan.directories) {
    const made = make(directory);
    yield { path: `${directory}/`, done: made.length > 0 ? "created" : "unchanged" };
  }
  for (const file of plan.files) {
    make(dirname(file.path));
    const known = before?.files.find(({ path }) => path === file.path)?.sha256;
    const { step, sum } = await installFile(file, known, target);
    // A file of somebody else is not listed, so that nothing removes it.
    if (step.done === "kept" && known === undefined) {
      yield step;
      continue;
    }
    files.push({ path: file.path, sha256: sum });
    yield step;
  }
  for (const { path, sha256: known } of before?.files ?? []) {
    if (!files.some((file) => file.path === path)) yield await removeInstalled(path, known, target);
  }
  if (!withManifest) return;
  make(dirname(plan.manifest));
  const manifest = { schema: INSTALLED_SCHEMA, version, files, directories: [...directories] };
  const content = formatManifest(manifest as Manifest);
  const { step } = await installFile(
    { path: plan.manifest, mode: 0o644, content },
    undefined,
    target,
  );
  yield step;
}

/** Whether an installation below a prefix has the hook of libvirt. Throws a `Failure` if its manifest cannot be read. */
export function hasHook(prefix: string, target: Target): boolean {
  const manifest = readManifest(below(target, manifestBelow(prefix)));
  return manifest?.files.some(({ path }) => path === HOOK_PATH) ?? false;
}

/** Installs one file. `known` is the checksum of what was installed before. */
async function installFile(
  { path, mode, content }: PlannedFile,
  known: string | undefined,
  target: Target,
): Promise<{ step: Step; sum: string }> {
  const wanted = typeof content === "string"
    ? new TextEncoder().encode(content)
    : Deno.readFileSync(content.copyOf);
  const sum = await sha256(wanted);
  const place = below(target, path);
  const found = readIfThere(place);
  const foundSum = found === null ? null : await sha256(found);
  if (foundSum === sum && (Deno.statSync(place).mode! & 0o777) === mode) {
    return { step: { path, done: "unchanged" }, sum };
  }
  const isChanged = foundSum !== null && foundSum !== sum && foundSum !== known;
  if (path.startsWith("/etc/") && isChanged) {
    const why = "somebody has changed it; remove it to get the new one";
    return { step: { path, done: "kept", why }, sum: known ?? sum };
  }
  if (!target.dryRun) writeWhole(place, wanted, mode);
  return { step: { path, done: found === null ? "created" : "replaced" }, sum };
}

/** Removes an installed file, unless somebody has changed it. */
export async function removeInstalled(
  path: string,
  known: string,
  target: Target,
  { evenChanged = false }: { evenChanged?: boolean } = {},
): Promise<Step> {
  const place = below(target, path);
  const found = readIfThere(place);
  if (found === null) return { path, done: "missing" };
  if (!evenChanged && await sha256(found) !== known) {
    return { path, done: "kept", why: "somebody has changed it" };
  }
  if (!target.dryRun) removeIfThere(place);
  return { path, done: "removed" };
}
