/**
 * What an executable is made of: the packages that the program imports, and the runtime with its parts.
 *
 * Question: what is in a runtime that somebody else built? Choice: its own bytes say so. Rust keeps the path of a source
 * file in each panic message, and V8 its version. This list has no crate that cannot panic, so the documents call it
 * incomplete. Given up: the lock file of Deno's repository, which a build does not have.
 */
import { join } from "@std/path";
import type { Denort } from "./denort.ts";

/** A package in the executable. */
export interface Component {
  name: string;
  version: string;
  /** The package URL. */
  purl: string;
  /** An SPDX identifier, null if it is not known. */
  license: string | null;
  /** The text of the license with its copyright notice, null if it is not known. */
  text: string | null;
  /** Digests in hexadecimal, by CycloneDX's name of the algorithm. */
  digests: Readonly<Record<string, string>>;
}

/** The packages that a program imports, the runtime, V8, and the Rust crates that the runtime names. */
export interface Components {
  packages: Component[];
  deno: Component;
  v8: Component;
  crates: Component[];
}

/** The parts of `deno info --json` and `deno.lock` that are read here. */
interface Info {
  modules: { specifier: string }[];
  npmPackages?: Record<string, { name: string; version: string }>;
}
interface Lock {
  npm?: Record<string, { integrity?: string }>;
}

/** Lists what an executable is made of. Effect: runs `deno info`. */
export async function listComponents(entry: string, denort: Denort): Promise<Components> {
  const config = Deno.env.get("VFIO_ASK_CONFIG");
  const info = await denoInfo<Info>([...(config ? [config] : []), entry]);
  const { npmCache } = await denoInfo<{ npmCache: string }>([]);
  const lock: Lock = JSON.parse(await Deno.readTextFile("deno.lock"));
  const npm = await Promise.all(
    Object.values(info.npmPackages ?? {}).map((id) => readNpmPackage(id, { npmCache, lock })),
  );
  const runtime = new TextDecoder("latin1").decode(await Deno.readFile(denort.path));
  return {
    packages: [...npm, ...await listJsr(info)].toSorted(byPurl),
    ...await listRuntime(runtime, denort),
  };
}

/** The packages of JSR among modules: `https://jsr.io/@std/path/1.1.0/mod.ts`. */
export async function listJsr({ modules }: Info): Promise<Component[]> {
  const found = modules.map(({ specifier }) =>
    specifier.match(/^https:\/\/jsr\.io\/(@[^/]+\/[^/]+)\/([^/]+)\//)
  ).filter((match) => match !== null);
  const ids = new Map(found.map(([, name, version]) => [`${name}@${version}`, { name, version }]));
  const text = await readMit();
  return Array.from(ids.values(), ({ name, version }) => ({
    name: name!,
    version: version!,
    purl: `pkg:jsr/${name!.replace("@", "%40")}@${version}`,
    license: "MIT",
    text,
    digests: {},
  }));
}

async function readNpmPackage(
  { name, version }: { name: string; version: string },
  { npmCache, lock }: { npmCache: string; lock: Lock },
): Promise<Component> {
  const folder = await findFolder(npmCache, join(name, version));
  const { license } = JSON.parse(await Deno.readTextFile(join(folder, "package.json")));
  const own = await Deno.readTextFile(join(folder, "LICENSE")).catch(() => null);
  const integrity = lock.npm?.[`${name}@${version}`]?.integrity?.match(/^sha512-(.+)$/)?.[1];
  return {
    name,
    version,
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    license: license ?? null,
    // The package is a copy of Deno's standard library. Its files name the copyright, but it has no file of the license.
    text: own ?? (name === "deno-std" ? await readMit() : null),
    digests: integrity === undefined ? {} : { "SHA-512": Uint8Array.fromBase64(integrity).toHex() },
  };
}

/** The folder of a package in Deno's cache, which has a folder for each registry. */
async function findFolder(npmCache: string, path: string): Promise<string> {
  for await (const { name } of Deno.readDir(npmCache)) {
    const folder = join(npmCache, name, path);
    if (await Deno.stat(folder).catch(() => null) !== null) return folder;
  }
  throw new Error(`Cannot find ${path} in ${npmCache}`);
}

/** The runtime and its parts, from its bytes as text. Throws if they do not name the versions of Deno and V8. */
export async function listRuntime(
  runtime: string,
  { sha256 }: Pick<Denort, "sha256">,
): Promise<Omit<Components, "packages">> {
  const deno = runtime.match(/Deno\/(\d+\.\d+\.\d+)/)?.[1];
  const v8 = runtime.match(/\b(\d+\.\d+\.\d+\.\d+)-rusty/)?.[1];
  if (deno === undefined || v8 === undefined) {
    throw new Error("Cannot find the versions of Deno and V8 in the runtime");
  }
  return {
    deno: {
      name: "deno",
      version: deno,
      purl: `pkg:github/denoland/deno@v${deno}`,
      license: "MIT",
      text: await readMit(),
      digests: { "SHA-256": sha256 },
    },
    v8: {
      name: "v8",
      version: v8,
      purl: `pkg:github/v8/v8@${v8}`,
      license: "BSD-3-Clause",
      text: await Deno.readTextFile(new URL("./licenses/v8.txt", import.meta.url)),
      digests: {},
    },
    crates: listCrates(runtime),
  };
}

function listCrates(runtime: string): Component[] {
  const path = /\/registry\/src\/[^/]+\/([A-Za-z][\w-]*?)-(\d+\.\d+\.\d+[\w.+-]*)\//g;
  const crates = new Map<string, Component>();
  for (const [, name, version] of runtime.matchAll(path)) {
    const purl = `pkg:cargo/${name}@${encodeURIComponent(version!)}`;
    const none = { license: null, text: null, digests: {} };
    crates.set(purl, { name: name!, version: version!, purl, ...none });
  }
  return [...crates.values()].toSorted(byPurl);
}

function byPurl(a: Component, b: Component): number {
  return a.purl < b.purl ? -1 : a.purl > b.purl ? 1 : 0;
}

/** Deno's license. The text is that of this project with another copyright notice. */
async function readMit(): Promise<string> {
  const own = await Deno.readTextFile(new URL("../LICENSE", import.meta.url));
  return own.replace(/^Copyright .*$/m, "Copyright 2018-2026 the Deno authors");
}

async function denoInfo<T>(args: string[]): Promise<T> {
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json", ...args] });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(`Cannot run deno info: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}
