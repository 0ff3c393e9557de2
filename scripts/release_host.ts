/** Gets the runtime that Deno published, and checks it against the digest that Deno published with it. */
import { join } from "@std/path";
import type { Denort } from "./denort.ts";
import { readZipEntry } from "./read_zip.ts";
import { sha256 } from "./sha256.ts";

/** Deno's host may be slow. A download that takes longer has failed. */
const TIMEOUT_MS = 300_000;

/**
 * Fetches `denort-ARCH-unknown-linux-gnu.zip` of a version and its `.sha256sum`, and writes the runtime into the cache.
 * Nothing is taken from the cache: a release checks what the host publishes now.
 *
 * @param pinned the SHA-256 that the unpacked runtime must have; null if it is not known
 */
export async function fetchReleasedDenort(
  { host, arch, version, cache, pinned }: {
    host: string;
    arch: string;
    version: string;
    cache: string;
    pinned: string | null;
  },
): Promise<Omit<Denort, "origin">> {
  const url = `${host}/release/v${version}/denort-${arch}-unknown-linux-gnu.zip`;
  const published = parseDigest(`${url}.sha256sum`, await download(`${url}.sha256sum`));
  const zip = await download(url);
  const found = await sha256(zip);
  if (found !== published) {
    throw new Error(
      `Cannot use ${url}: its SHA-256 is ${found}, and ${url}.sha256sum says ${published}. ` +
        "Download it again later; do not release until both agree.",
    );
  }
  const runtime = await readZipEntry(zip, "denort");
  const digest = await sha256(runtime);
  if (pinned !== null && digest !== pinned) {
    throw new Error(
      `Cannot use the runtime in ${url}: its SHA-256 is ${digest}, but scripts/denort.ts pins ` +
        `${pinned} for Deno ${version} on ${arch}. Find out which one is right.`,
    );
  }
  await Deno.mkdir(cache, { recursive: true });
  const path = join(cache, `denort-${version}-${arch}-released`);
  await Deno.writeFile(`${path}.new`, runtime, { mode: 0o755 });
  await Deno.rename(`${path}.new`, path);
  return { path, from: url, deno: version, sha256: digest };
}

async function download(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const remedy = "Build where Deno's host can be reached, or build without --release.";
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`the host answers ${response.status}`);
    }
    return await response.bytes();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot download ${url}: ${reason}. ${remedy}`, { cause });
  }
}

/** The digest in the output of `sha256sum`: 64 hexadecimal digits, then the name of the file. */
function parseDigest(url: string, bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  const found = text.match(/^([0-9a-f]{64})\b/i);
  if (found !== null) return found[1]!.toLowerCase();
  throw new Error(`Cannot read ${url}: expected the output of sha256sum`);
}
