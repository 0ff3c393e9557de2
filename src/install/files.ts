import { dirname, join } from "@std/path";
import { Failure } from "../documents/mod.ts";

/** What was done with a file or directory. */
export interface Step {
  path: string;
  done: "created" | "replaced" | "unchanged" | "removed" | "missing" | "kept";
  /** Why, if this is not obvious. */
  why?: string;
}

/** Where an installation is, and whether to change it. */
export interface Target {
  /** The directory that is `/` of the host. */
  root: string;
  /** Only say what would be done. */
  dryRun: boolean;
}

/** The path of a file of the host below a root. */
export function below({ root }: Target, path: string): string {
  return join(root, path);
}

/** The content of a file; null if there is none. Throws a {@link Failure}. */
export function readIfThere(path: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw fileFailure("read", path, error);
  }
}

/** Writes a file through a new one, so that no reader and no running program sees a part of it. */
export function writeWhole(path: string, content: Uint8Array, mode: number): void {
  const temporary = join(dirname(path), `.vfio-ask-${crypto.randomUUID()}`);
  try {
    Deno.writeFileSync(temporary, content, { mode, createNew: true });
    // The mode of a new file depends on the umask.
    Deno.chmodSync(temporary, mode);
    Deno.renameSync(temporary, path);
  } catch (error) {
    removeIfThere(temporary);
    throw fileFailure("write", path, error);
  }
}

/** Removes a file. False if there is none. */
export function removeIfThere(path: string): boolean {
  try {
    Deno.removeSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw fileFailure("remove", path, error);
  }
}

/** Creates a directory and its parents. Returns the ones that were missing, outer ones first. */
export function makeDirectories(
  path: string,
  { dryRun }: Pick<Target, "dryRun">,
): string[] {
  const missing: string[] = [];
  for (let at = path; !isDirectory(at); at = dirname(at)) missing.unshift(at);
  if (dryRun) return missing;
  for (const directory of missing) {
    try {
      Deno.mkdirSync(directory);
      Deno.chmodSync(directory, 0o755);
    } catch (error) {
      throw fileFailure("create", directory, error);
    }
  }
  return missing;
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw fileFailure("read", path, error);
  }
}

/** A failure of a file operation. */
export function fileFailure(verb: string, path: string, cause: unknown): Failure {
  const denied = cause instanceof Deno.errors.PermissionDenied;
  const { code, message } = cause as { code?: string; message: string };
  return new Failure(
    denied ? "not-permitted" : "kernel",
    `Cannot ${verb} ${path}: ${code ?? message}`,
    {
      subject: path,
      remedy: denied ? "Run the command as root." : "Check the path, or choose another --prefix.",
      cause,
    },
  );
}
