import * as z from "zod/mini";
import { Failure, INSTALLED_SCHEMA, readAs, readDocument } from "../documents/mod.ts";

/** The list of what an installation has written. */
const Manifest = z.lazy(() =>
  z.object({
    schema: z.literal(INSTALLED_SCHEMA),
    version: z.string(),
    files: z.array(z.object({ path: z.string().check(z.regex(/^\//)), sha256: z.string() })),
    /** Directories that the installation has created, outer ones first. */
    directories: z.array(z.string().check(z.regex(/^\//))),
  })
);
export type Manifest = z.infer<typeof Manifest>;

/** The manifest of an installation, or null if there is none. Throws a {@link Failure} if it cannot be read. */
export function readManifest(path: string): Manifest | null {
  const remedy = "Install the same version again, or remove its files yourself.";
  try {
    const document: unknown = JSON.parse(Deno.readTextFileSync(path));
    const read = (given: unknown, base: readonly PropertyKey[]) =>
      readAs<Manifest>(Manifest, given, base);
    return readDocument({ name: "manifest", schema: INSTALLED_SCHEMA, read, remedy }, document);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    const { message } = error as Error;
    throw new Failure("bad-input", `Cannot read the list of installed files ${path}: ${message}`, {
      subject: path,
      remedy,
      cause: error,
    });
  }
}

/** A manifest as the text of its file. */
export function formatManifest(manifest: Manifest): string {
  return JSON.stringify(manifest, null, 2) + "\n";
}

/** The checksum of a file's content. */
export async function sha256(content: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", content);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
