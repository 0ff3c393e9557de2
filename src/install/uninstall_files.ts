import { Failure } from "../documents/mod.ts";
import { below, fileFailure, removeIfThere, type Step, type Target } from "./files.ts";
import { removeInstalled } from "./install_files.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { CONFIG_DIRECTORY, manifestBelow } from "./plan.ts";

/** What `uninstall` leaves to the operator, unless it purges. */
const KEPT = [CONFIG_DIRECTORY, "/var/lib/vfio-ask"];

/** The manifest of the installation below a prefix. Throws a {@link Failure} if nothing was installed there. */
export function findInstallation(prefix: string, target: Target): Manifest {
  const path = manifestBelow(prefix);
  const manifest = readManifest(below(target, path));
  if (manifest !== null) return manifest;
  throw new Failure("not-found", `Nothing is installed below ${prefix}: there is no ${path}`, {
    subject: path,
    remedy: "Use --prefix to name another prefix, or remove the package that installed it.",
  });
}

/**
 * Removes what an installation has written, and gives each file with what was done. A file that somebody has changed,
 * configuration and state are kept, unless `purge` is set.
 *
 * Effect: removes files and the directories that become empty, unless it is a dry run. Throws a `Failure` that names
 * the file.
 */
export async function* uninstallFiles(
  prefix: string,
  manifest: Manifest,
  { purge, ...target }: Target & { purge: boolean },
): AsyncGenerator<Step> {
  for (const { path, sha256 } of manifest.files) {
    yield await removeInstalled(path, sha256, target, { evenChanged: purge });
  }
  const list = manifestBelow(prefix);
  if (!target.dryRun) removeIfThere(below(target, list));
  yield { path: list, done: "removed" };
  for (const path of purge ? KEPT : []) yield removeTree(path, target);
  // A directory is gone if it was empty; inner ones come first.
  for (const path of manifest.directories.toReversed()) {
    if (removeIfEmpty(path, target)) yield { path: `${path}/`, done: "removed" };
  }
  for (const path of purge ? [] : KEPT) {
    if (isThere(path, target)) {
      yield { path: `${path}/`, done: "kept", why: "use --purge to remove it" };
    }
  }
}

function removeTree(path: string, target: Target): Step {
  if (!isThere(path, target)) return { path: `${path}/`, done: "missing" };
  const place = below(target, path);
  try {
    if (!target.dryRun) Deno.removeSync(place, { recursive: true });
  } catch (error) {
    throw fileFailure("remove", place, error);
  }
  return { path: `${path}/`, done: "removed" };
}

function removeIfEmpty(path: string, target: Target): boolean {
  try {
    if (target.dryRun) return false;
    Deno.removeSync(below(target, path));
    return true;
  } catch {
    // It is not empty, or somebody has removed it.
    return false;
  }
}

function isThere(path: string, target: Target): boolean {
  try {
    Deno.lstatSync(below(target, path));
    return true;
  } catch {
    return false;
  }
}
