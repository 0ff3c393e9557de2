/**
 * Builds `dist/vfio-ask`: one executable that needs no Deno, no network and no HOME. Writes its SBOM (`.cdx.json`) and the
 * licenses of what it contains (`.licenses.txt`) next to it.
 *
 *   deno task build [--release] [--arch x86_64|aarch64] [--entry FILE --output FILE]
 *
 * The program is not minified: stack traces name functions, and every `using` keeps its disposal. `--release` takes the
 * runtime from Deno's own host only, checks its published digest, and needs a work tree without changes. scripts/denort.ts
 * says where other builds take it from. Two builds of one commit are the same byte for byte, if their runtime is the same.
 */
import { parseArgs } from "@std/cli/parse-args";
import { basename, join } from "@std/path";
import { BUILD_FILE } from "../src/cli/built.ts";
import { describeBuild, sourceTime } from "./build_record.ts";
import { type Denort, findDenort } from "./denort.ts";
import { listComponents } from "./components.ts";
import { formatLicenses } from "./licenses.ts";
import { formatSbom } from "./sbom.ts";
import { settleBundle } from "./settle_bundle.ts";
import { sha256 } from "./sha256.ts";
import project from "../deno.json" with { type: "json" };

/**
 * A small nursery collects a scan's garbage soon. Old garbage is collected when the heap has doubled, not at a multiple.
 * The whole heap has no limit here, because V8 ends the process at the limit.
 */
const V8_FLAGS = "--max-semi-space-size=2,--heap-growing-percent=100";

const options = parseArgs(Deno.args, {
  string: ["arch", "entry", "output"],
  boolean: ["release"],
});
const arch = options.arch ?? Deno.build.arch;
const native = arch === Deno.build.arch;
const output = options.output ?? `dist/vfio-ask${native ? "" : `-${arch}`}`;
const bundle = `${output}.bundle`;
const entry = options.entry ?? "main.ts";
const main = basename(entry).replace(/\.ts$/, ".js");
const config = Deno.env.get("VFIO_ASK_CONFIG");
const home = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "/root", ".cache");

try {
  await build();
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}

async function build(): Promise<void> {
  const { release } = options;
  const denort = await findDenort({ arch, release, cache: join(home, "vfio-ask") });
  const record = await describeBuild(denort);
  if (release && (record.commit === null || record.changed)) {
    throw new Error("Cannot release: the sources are not those of a commit. Commit the changes.");
  }
  await Deno.mkdir("dist", { recursive: true });
  await deno([
    "bundle",
    ...(config ? [config] : []),
    "--quiet",
    "--platform=deno",
    "--code-splitting",
    `--outdir=${bundle}`,
    entry,
  ]);
  await Deno.writeTextFile(join(bundle, BUILD_FILE), JSON.stringify(record) + "\n");
  await settleBundle(bundle, { main, seconds: await sourceTime(), foreign: [Deno.cwd(), home] });
  await deno([
    "compile",
    "--quiet",
    "--no-config",
    "--node-modules-dir=none",
    "--no-check",
    "--no-code-cache",
    "--no-prompt",
    "-A",
    `--v8-flags=${V8_FLAGS}`,
    ...(native ? [] : [`--target=${arch}-unknown-linux-gnu`]),
    `--include=${join(bundle, BUILD_FILE)}`,
    `--output=${output}`,
    join(bundle, main),
  ], { DENORT_BIN: denort.path });
  await Deno.remove(bundle, { recursive: true });
  const program = await Deno.readFile(output);
  if (entry === "main.ts") await describeContents(denort, await sha256(program));
  const size = program.length;
  console.log(`${output}: ${(size / 1e6).toFixed(0)} MB, ${describeRuntime(denort)}`);
}

/** Writes the SBOM and the licenses next to the executable. */
async function describeContents(denort: Denort, digest: string): Promise<void> {
  const components = await listComponents(entry, denort);
  const subject = {
    version: project.version,
    arch,
    sha256: digest,
    seconds: await sourceTime(),
    runtimeOrigin: describeRuntime(denort),
  };
  const own = await Deno.readTextFile("LICENSE");
  await Deno.writeTextFile(`${output}.cdx.json`, formatSbom(subject, components));
  await Deno.writeTextFile(`${output}.licenses.txt`, formatLicenses({ own, components }));
}

function describeRuntime({ origin, from, deno, sha256: digest }: Denort): string {
  const notes = [
    ...(origin === "release-host" ? [] : ["NOT from Deno's release host"]),
    ...(deno === Deno.version.deno ? [] : [`NOT the version of this build, ${Deno.version.deno}`]),
  ];
  return [`runtime ${from} (Deno ${deno ?? "?"}, SHA-256 ${digest})`, ...notes].join(", ");
}

async function deno(args: string[], env: Record<string, string> = {}): Promise<void> {
  const { code } = await new Deno.Command(Deno.execPath(), { args, env }).spawn().status;
  if (code !== 0) Deno.exit(code);
}
