/**
 * Builds the Debian package `dist/vfio-ask_VERSION_ARCH.deb`, with `dpkg-deb`.
 *
 *   deno task deb [--release] [--arch x86_64|aarch64]
 *
 * Its files are those that `vfio-ask install` writes. The maintainer scripts are generated from the units among them. Two
 * packages of one commit are the same byte for byte.
 */
import { parseArgs } from "@std/cli/parse-args";
import { dirname, join } from "@std/path";
import { sourceTime } from "../build_record.ts";
import { formatChangelog, formatControl, formatCopyright, OVERRIDES } from "./documents.ts";
import { maintainerScripts, readUnits } from "./maintainer_scripts.ts";
import { stage } from "./stage.ts";
import project from "../../deno.json" with { type: "json" };

/** Debian's names of the architectures. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

const options = parseArgs(Deno.args, { string: ["arch"], boolean: ["release"] });
const arch = options.arch ?? Deno.build.arch;
const native = "dist/vfio-ask";
const binary = arch === Deno.build.arch ? native : `${native}-${arch}`;
const debArch = ARCHITECTURES[arch] ?? fail(`no package for ${arch}`);
const output = `dist/vfio-ask_${project.version}_${debArch}.deb`;
const doc = "usr/share/doc/vfio-ask";
/** One thread, because the output of several depends on the machine. */
const COMPRESSION = ["-Zxz", "-z1", "--threads-max=1"];

await build(Deno.build.arch);
if (binary !== native) await build(arch);
const root = await Deno.makeTempDir({ prefix: "deb-" });
try {
  // The binary of this machine writes the files. The package gets the binary of its architecture.
  await stage(native, root);
  await Deno.copyFile(binary, join(root, "usr/bin/vfio-ask"));
  await compressManuals(join(root, "usr/share/man"));
  await addDocuments();
  await addControl();
  await setTimesAndModes(root);
  await run("dpkg-deb", ["--root-owner-group", ...COMPRESSION, "--build", root, output], {
    SOURCE_DATE_EPOCH: `${await sourceTime()}`,
  });
} finally {
  await Deno.remove(root, { recursive: true });
}

async function addDocuments(): Promise<void> {
  const changelog = formatChangelog({
    version: project.version,
    changes: await Deno.readTextFile("CHANGELOG.md"),
    seconds: await sourceTime(),
  });
  const licenses = await Deno.readTextFile(`${binary}.licenses.txt`);
  const own = await Deno.readTextFile("LICENSE");
  await write(`${doc}/changelog`, changelog);
  await run("gzip", ["-9n", join(root, doc, "changelog")]);
  await write(`${doc}/copyright`, formatCopyright({ own, licenses }));
  await write(`${doc}/vfio-ask.cdx.json`, await Deno.readTextFile(`${binary}.cdx.json`));
  await write("usr/share/lintian/overrides/vfio-ask", OVERRIDES);
}

async function addControl(): Promise<void> {
  const { version } = project;
  const files = (await listFiles(root)).toSorted();
  const kibibytes = await sizeOf(files);
  await write("DEBIAN/control", formatControl({ version, arch: debArch, kibibytes }));
  const units = await readUnits(join(root, "usr/lib/systemd/system"));
  for (const [name, text] of Object.entries(maintainerScripts(units))) {
    await write(`DEBIAN/${name}`, text);
    await Deno.chmod(join(root, "DEBIAN", name), 0o755);
  }
  const conffiles = files.filter((path) => path.startsWith("etc/")).map((path) => `/${path}\n`);
  if (conffiles.length > 0) await write("DEBIAN/conffiles", conffiles.join(""));
  const sums = await capture("md5sum", files);
  await write("DEBIAN/md5sums", sums);
}

async function compressManuals(directory: string): Promise<void> {
  const pages = (await listFiles(directory).catch(() => [])).filter((path) =>
    !path.endsWith(".gz")
  );
  if (pages.length > 0) await run("gzip", ["-9n", ...pages.map((path) => join(directory, path))]);
}

/** The files below a directory, as relative paths. */
async function listFiles(directory: string, prefix = ""): Promise<string[]> {
  const found = [];
  for await (const { name, isDirectory } of Deno.readDir(join(directory, prefix))) {
    const path = join(prefix, name);
    found.push(...isDirectory ? await listFiles(directory, path) : [path]);
  }
  return found;
}

/** The installed size as dpkg-gencontrol computes it, without directories. */
async function sizeOf(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (path) => {
    const { size } = await Deno.stat(join(root, path));
    return Math.ceil(size / 1024);
  }));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Every file gets the time of the sources and, apart from programs and scripts, the mode 0644. */
async function setTimesAndModes(directory: string): Promise<void> {
  const seconds = await sourceTime();
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = join(directory, name);
    if (isDirectory) await setTimesAndModes(path);
    const { mode } = await Deno.stat(path);
    await Deno.chmod(path, isDirectory || (mode! & 0o100) !== 0 ? 0o755 : 0o644);
    await Deno.utime(path, seconds, seconds);
  }
  await Deno.chmod(directory, 0o755);
  await Deno.utime(directory, seconds, seconds);
}

async function write(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(join(root, path)), { recursive: true });
  await Deno.writeTextFile(join(root, path), text);
}

async function build(arch: string): Promise<void> {
  const config = Deno.env.get("VFIO_ASK_CONFIG");
  const release = options.release ? ["--release"] : [];
  const args = ["-A", "scripts/build.ts", `--arch=${arch}`, ...release];
  await run(Deno.execPath(), ["run", ...(config ? [config] : []), ...args]);
}

async function run(
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<void> {
  const { success } = await new Deno.Command(program, { args, env, stdin: "null" }).spawn().status;
  if (!success) fail(`${program} ${args[0]} failed`);
}

/** What a program prints, run in the root of the package. */
async function capture(program: string, args: readonly string[]): Promise<string> {
  const command = new Deno.Command(program, { args: [...args], cwd: root, stderr: "inherit" });
  const { success, stdout } = await command.output();
  return success ? new TextDecoder().decode(stdout) : fail(`${program} failed`);
}

function fail(reason: string): never {
  console.error(`deb: ${reason}`);
  Deno.exit(1);
}
