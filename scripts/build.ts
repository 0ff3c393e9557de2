/**
 * Builds `dist/vfio-ask`: one executable that needs no Deno, no network and no HOME.
 *
 *   deno task build [--arch x86_64|aarch64] [--entry FILE --output FILE]
 *
 * The program is not minified: stack traces name functions, and every `using` keeps its disposal. The runtime comes from
 * Deno's download host if that answers, otherwise from npm. `VFIO_ASK_DENORT=host|npm` chooses one without a check, and
 * `DENORT_BIN` names a file.
 */
import { parseArgs } from "@std/cli/parse-args";
import { basename, join } from "@std/path";
import { fetchDenort } from "./denort.ts";

/**
 * A small nursery collects a scan's garbage soon. Old garbage is collected when the heap has doubled, not at a multiple.
 * The whole heap has no limit here, because V8 ends the process at the limit.
 */
const V8_FLAGS = "--max-semi-space-size=2,--heap-growing-percent=100";

const options = parseArgs(Deno.args, { string: ["arch", "entry", "output"] });
const arch = options.arch ?? Deno.build.arch;
const native = arch === Deno.build.arch;
const output = options.output ?? `dist/vfio-ask${native ? "" : `-${arch}`}`;
const bundle = `${output}.bundle`;
const entry = options.entry ?? "main.ts";
const config = Deno.env.get("VFIO_ASK_CONFIG");

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

/** The runtime to compile with, or null for the one that Deno fetches itself. */
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
