import { fromFileUrl, join } from "@std/path";

/** The top of the source tree. */
export const TOP = fromFileUrl(import.meta.resolve("../../"));

/** The folder for builds and files of benchmarks. */
export const WORKSHOP = join(TOP, "dist/bench");

/** Removes the files of this run or an earlier one. */
export async function removeWorkshop(): Promise<void> {
  await Deno.remove(WORKSHOP, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** Compiles a program of this folder in the same way as `dist/vfio-ask`. Returns the path of the binary. */
export async function build(name: string): Promise<string> {
  await Deno.mkdir(WORKSHOP, { recursive: true });
  const output = join(WORKSHOP, name);
  const entry = join(TOP, "scripts/bench", `${name}.ts`);
  const config = Deno.env.get("VFIO_ASK_CONFIG");
  await run(Deno.execPath(), [
    ...["run", ...(config ? [config] : []), "--quiet", "-A", "--no-check", "scripts/build.ts"],
    ...["--entry", entry, "--output", output],
  ]);
  return output;
}

/** Compiles a C program of this folder. Without a compiler, prints that and returns null. */
export async function compile(name: string, bench: string): Promise<string | null> {
  await Deno.mkdir(WORKSHOP, { recursive: true });
  const output = join(WORKSHOP, name);
  const source = join(TOP, "scripts/bench", `${name}.c`);
  try {
    await run("gcc", ["-O2", "-Wall", "-Wextra", "-o", output, source]);
    return output;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log(`${bench}: skipped, because gcc is missing to compile ${name}.c`);
    return null;
  }
}

/** Copies `dist/vfio-ask`, so that the measured program does not change. Returns the path of the copy. */
export async function copyProgram(): Promise<string> {
  const copy = join(WORKSHOP, "vfio-ask");
  await Deno.mkdir(WORKSHOP, { recursive: true });
  await Deno.copyFile(join(TOP, "dist/vfio-ask"), copy).catch((cause) => {
    throw new Error("Cannot copy dist/vfio-ask: run deno task build first", { cause });
  });
  return copy;
}

/** Runs a program at the top of the source tree. Returns its output. */
export async function run(program: string, args: string[]): Promise<string> {
  const child = new Deno.Command(program, { args, cwd: TOP, stderr: "inherit" });
  const { success, stdout } = await child.output();
  if (!success) throw new Error(`Cannot run ${program} ${args.join(" ")}`);
  return new TextDecoder().decode(stdout);
}
