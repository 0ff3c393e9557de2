import { join } from "@std/path";
import type * as z from "zod/mini";
import { readStatus } from "../../ffi/files.ts";
import { readAs } from "../documents/mod.ts";

/** Reads a document of the state directory; null if it is missing, truncated or does not match the schema. */
export function readState<T>(
  directory: string | null,
  name: string,
  schema: z.ZodMiniType<T>,
): T | null {
  if (directory === null) return null;
  const path = join(directory, name);
  try {
    if (readStatus(path, { follow: true }) === null) return null;
    return readAs<T>(schema, JSON.parse(Deno.readTextFileSync(path))).data ?? null;
  } catch {
    return null;
  }
}

/** Replaces a document of the state directory atomically: a reader sees the old or the new one. Throws Deno's errors. */
export function writeState(directory: string, name: string, document: unknown): void {
  const path = join(directory, name);
  const temporary = `${path}.${Deno.pid}`;
  Deno.mkdirSync(directory, { recursive: true, mode: 0o750 });
  try {
    Deno.writeTextFileSync(temporary, JSON.stringify(document), { mode: 0o640 });
    Deno.renameSync(temporary, path);
  } catch (error) {
    try {
      Deno.removeSync(temporary);
    } catch {
      // It was not created.
    }
    throw error;
  }
}
