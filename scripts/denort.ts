/**
 * Gets the runtime that `deno compile` puts in front of a program, if Deno's download host cannot be reached.
 *
 * npm has no package of it, but it has programs that were compiled with it. Such a program starts with the runtime, and
 * its SHA-256 shows whether it is the one that Deno released.
 */
import { join } from "@std/path";

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
  aarch64: {
    package: "@stdy/cli-linux-arm64@0.22.2",
    binary: "package/bin/steady",
    deno: "2.7.11",
    sha256: "9c888d915647ff971a497acd39ee45ea63da5f19d12d4363124942c257c055ef",
  },
};

/** The path of the runtime for an architecture. Fetched with npm if it is not in the cache. */
export async function fetchDenort(arch: string, cache: string): Promise<string> {
  const source = SOURCES[arch];
  if (source === undefined) throw new Error(`Cannot find a runtime for ${arch}`);
  const path = join(cache, `denort-${source.deno}-${arch}`);
  if (await sha256(path) === source.sha256) return path;
  const directory = await Deno.makeTempDir({ prefix: "denort-" });
  try {
    await run("npm", ["pack", "--silent", "--ignore-scripts", source.package], directory);
    const [archive] = Array.from(Deno.readDirSync(directory), ({ name }) => name);
    await run("tar", ["xzf", archive!, source.binary], directory);
    const whole = await Deno.readFile(join(directory, source.binary));
    await Deno.mkdir(cache, { recursive: true });
    await Deno.writeFile(`${path}.new`, whole.subarray(0, endOfElf(whole)), { mode: 0o755 });
    if (await sha256(`${path}.new`) !== source.sha256) {
      throw new Error(`Cannot use the runtime in ${source.package}: its SHA-256 differs`);
    }
    await Deno.rename(`${path}.new`, path);
    return path;
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

async function sha256(path: string): Promise<string | null> {
  const bytes = await Deno.readFile(path).catch(() => null);
  if (bytes === null) return null;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function run(program: string, args: string[], cwd: string): Promise<void> {
  const { success } = await new Deno.Command(program, { args, cwd, stdout: "null" }).output();
  if (!success) throw new Error(`Cannot run ${program} ${args.join(" ")}`);
}
