/**
 * Builds `dist/vfio-ask`: one executable that needs no Deno, no network and no HOME.
 *
 *   deno task build [--arch x86_64|aarch64] [--entry FILE --output FILE] [--plain]
 *
 * With `--plain` the program is not minified. The runtime comes from Deno's download host where that answers, else out of npm; `VFIO_ASK_DENORT=host|npm`
 * decides without asking, `DENORT_BIN` names one.
 */
import { parseArgs } from "@std/cli/parse-args";
import { basename, join } from "@std/path";
import { fetchDenort } from "./denort.ts";

/**
 * A small nursery: a scan's garbage is soon collected. Old garbage is collected when the heap has doubled, not at a
 * multiple. The heap as a whole has no limit of ours: at one, V8 ends the process.
 */
const V8_FLAGS = "--max-semi-space-size=2,--heap-growing-percent=100";

const options = parseArgs(Deno.args, { string: ["arch", "entry", "output"], boolean: ["plain"] });
const arch = options.arch ?? Deno.build.arch;
const native = arch === Deno.build.arch;
const output = options.output ?? `dist/vfio-ask${native ? "" : `-${arch}`}`;
const bundle = `${output}.bundle`;
const entry = options.entry ?? "main.ts";
const config = Deno.env.get("VFIO_ASK_CONFIG");

await Deno.mkdir("dist", { recursive: true });
await bundleTo(bundle, options.plain ? [] : ["--minify"]);
if (!options.plain) await checkDisposals();
const denort = await findDenort();
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
  `--output=${output}`,
  join(bundle, basename(entry).replace(/\.ts$/, ".js")),
], denort === null ? {} : { DENORT_BIN: denort });
await Deno.remove(bundle, { recursive: true });
const { size } = await Deno.stat(output);
console.log(`${output}: ${(size / 1e6).toFixed(0)} MB`);

async function bundleTo(directory: string, flags: string[]): Promise<void> {
  await deno([
    "bundle",
    ...(config ? [config] : []),
    "--quiet",
    ...flags,
    "--platform=deno",
    "--code-splitting",
    `--outdir=${directory}`,
    entry,
  ]);
}

/**
 * The bundler's minifier takes a `using` away whose variable is used but once, and the disposal with it: a file
 * would stay open. So the bundle must have as many as it has without minifying.
 */
async function checkDisposals(): Promise<void> {
  const plain = `${bundle}.plain`;
  await bundleTo(plain, []);
  const [wanted, kept] = [countUsing(plain), countUsing(bundle)];
  await Deno.remove(plain, { recursive: true });
  if (wanted === kept) return;
  console.error(
    `build: the minifier dropped ${
      wanted - kept
    } of ${wanted} using declarations. Close what they open with try and finally.`,
  );
  Deno.exit(1);
}

function countUsing(directory: string): number {
  return Array.from(Deno.readDirSync(directory)).reduce((count, { name }) => {
    const text = Deno.readTextFileSync(join(directory, name));
    return count + (text.match(/\busing [\w$]+ ?= ?/g) ?? []).length;
  }, 0);
}

/** The runtime to compile with, null for the one that Deno fetches itself. */
async function findDenort(): Promise<string | null> {
  const named = Deno.env.get("DENORT_BIN");
  if (named) return named;
  const from = Deno.env.get("VFIO_ASK_DENORT") ?? (await hostAnswers() ? "host" : "npm");
  if (from === "host") return null;
  const home = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "/root", ".cache");
  return await fetchDenort(arch, join(home, "vfio-ask"));
}

async function hostAnswers(): Promise<boolean> {
  try {
    const url = "https://dl.deno.land/release-latest.txt";
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

async function deno(args: string[], env: Record<string, string> = {}): Promise<void> {
  const { code } = await new Deno.Command(Deno.execPath(), { args, env }).spawn().status;
  if (code !== 0) Deno.exit(code);
}
