import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runCli } from "../../tests/fixtures/run_cli.ts";
import { formatHook } from "../install/mod.ts";
import { formatUnits } from "../systemd/mod.ts";

/** An installation below a temporary root. */
interface Place extends AsyncDisposable {
  root: string;
  install(...args: string[]): Promise<string>;
  uninstall(...args: string[]): Promise<string>;
  /** All files and directories, relative to the root. */
  list(): string[];
  read(path: string): string;
  write(path: string, text: string): void;
}

async function openPlace(): Promise<Place> {
  const folder = await Deno.makeTempDir({ prefix: "vfio-ask-test-" });
  const root = `${folder}/root`;
  const binary = `${folder}/program`;
  await Deno.mkdir(root);
  await Deno.writeTextFile(binary, "program");
  const run = async (argv: string[]) => {
    const { code, out, err } = await runCli([...argv, "--root", root]);
    assertEquals([code, err], [0, ""]);
    return out;
  };
  const listBelow = (path: string): string[] =>
    Array.from(Deno.readDirSync(root + path)).flatMap(({ name, isDirectory }) =>
      isDirectory ? [`${path}/${name}/`, ...listBelow(`${path}/${name}`)] : [`${path}/${name}`]
    );
  return {
    root,
    install: (...args) => run(["install", "--binary", binary, ...args]),
    uninstall: (...args) => run(["uninstall", ...args]),
    list: () => listBelow("").toSorted(),
    read: (path) => Deno.readTextFileSync(root + path),
    write: (path, text) => Deno.writeTextFileSync(root + path, text),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

const filesOf = (place: Place) => place.list().filter((path) => !path.endsWith("/"));

Deno.test("install writes every file of the service, prints it, and says how to start", async () => {
  await using place = await openPlace();
  const out = await place.install();
  assertEquals(filesOf(place), [
    "/usr/local/bin/vfio-ask",
    "/usr/local/lib/systemd/system/vfio-ask-worker.socket",
    "/usr/local/lib/systemd/system/vfio-ask-worker@.service",
    "/usr/local/lib/systemd/system/vfio-ask.service",
    "/usr/local/lib/sysusers.d/vfio-ask.conf",
    "/usr/local/lib/tmpfiles.d/vfio-ask.conf",
    "/usr/local/lib/vfio-ask/installed.json",
    "/usr/local/share/bash-completion/completions/vfio-ask",
    "/usr/local/share/fish/vendor_completions.d/vfio-ask.fish",
    "/usr/local/share/man/man5/vfio-ask-rules.5",
    "/usr/local/share/man/man8/vfio-ask.8",
    "/usr/local/share/vfio-ask/libvirt-hook",
    "/usr/local/share/zsh/site-functions/_vfio-ask",
  ]);
  for (const path of filesOf(place)) assertStringIncludes(out, `created    ${path}\n`);
  for (const name of ["rules.d", "facts.d", "config.d"]) {
    assert(place.list().includes(`/etc/vfio-ask/${name}/`));
  }
  assertStringIncludes(
    out,
    "\nNext: systemctl enable --now vfio-ask.service vfio-ask-worker.socket\n",
  );
  assertEquals(place.read("/usr/local/bin/vfio-ask"), "program");
  assertEquals(Deno.statSync(`${place.root}/usr/local/bin/vfio-ask`).mode! & 0o777, 0o755);
  for (const { name, text } of formatUnits({ binary: "/usr/local/bin/vfio-ask", args: [] })) {
    assertEquals(place.read(`/usr/local/lib/systemd/system/${name}`), text);
  }
  const { out: page } = await runCli(["man"]);
  assertEquals(place.read("/usr/local/share/man/man8/vfio-ask.8"), page);
});

Deno.test("install below /usr uses the directories of packages", async () => {
  await using place = await openPlace();
  await place.install("--prefix", "/usr/", "--no-manifest");
  const files = filesOf(place);
  assertEquals(files.length, 12);
  assertEquals(files.filter((path) => !path.startsWith("/usr/") || path.includes("//")), []);
  assert(files.includes("/usr/share/zsh/vendor-completions/_vfio-ask"));
  assert(files.includes("/usr/lib/systemd/system/vfio-ask.service"));
});

Deno.test("install below another prefix puts units where systemd finds them", async () => {
  await using place = await openPlace();
  await place.install("--prefix", "/opt/vfio-ask");
  const unit = place.read("/etc/systemd/system/vfio-ask.service");
  assertStringIncludes(unit, "ExecStart=/opt/vfio-ask/bin/vfio-ask serve");
});

Deno.test("install can be repeated, and replaces only what differs", async () => {
  await using place = await openPlace();
  const before = (await place.install(), place.list());
  const again = await place.install();
  assertEquals(again.match(/^(created|replaced)/gm), null);
  place.write("/usr/local/bin/vfio-ask", "an older version");
  assertEquals((await place.install()).match(/^replaced .*/gm), [
    "replaced   /usr/local/bin/vfio-ask",
  ]);
  assertEquals(place.list(), before);
});

Deno.test("install removes files of an earlier version, and none that somebody has changed", async () => {
  await using place = await openPlace();
  await place.install();
  const list = "/usr/local/lib/vfio-ask/installed.json";
  const manifest = JSON.parse(place.read(list));
  for (const name of ["old", "changed"]) {
    place.write(`/usr/local/bin/${name}`, name);
    const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("old"));
    const sha256 = Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0"));
    manifest.files.push({ path: `/usr/local/bin/${name}`, sha256: sha256.join("") });
  }
  place.write(list, JSON.stringify(manifest));
  const out = await place.install();
  assertStringIncludes(out, "removed    /usr/local/bin/old\n");
  assertStringIncludes(out, "kept       /usr/local/bin/changed (somebody has changed it)\n");
});

Deno.test("uninstall leaves nothing, not even a directory", async () => {
  await using place = await openPlace();
  await place.install();
  const installed = filesOf(place);
  const out = await place.uninstall();
  assertEquals(place.list(), []);
  for (const path of installed) assertStringIncludes(out, `removed    ${path}\n`);
  assertStringIncludes(out, "user and the group vfio-ask are kept");
});

Deno.test("uninstall leaves directories and files that were there before", async () => {
  await using place = await openPlace();
  await Deno.mkdir(`${place.root}/usr/local/bin`, { recursive: true });
  place.write("/usr/local/bin/other", "x");
  const before = place.list();
  await place.install();
  await place.uninstall();
  assertEquals(place.list(), before);
});

Deno.test("uninstall keeps configuration and state, and --purge removes them", async () => {
  for (const purge of [false, true]) {
    await using place = await openPlace();
    await place.install();
    const config = "/etc/vfio-ask/config.json";
    place.write(config, "{}");
    await Deno.mkdir(`${place.root}/var/lib/vfio-ask`, { recursive: true });
    place.write("/var/lib/vfio-ask/observations.json", "{}");
    // A later installation does not change the configuration.
    await place.install();
    assertEquals(place.read(config), "{}");
    const out = await place.uninstall(...purge ? ["--purge"] : []);
    assertEquals(filesOf(place), purge ? [] : [config, "/var/lib/vfio-ask/observations.json"]);
    assertStringIncludes(out, `${purge ? "removed" : "kept   "}    /etc/vfio-ask/`);
  }
});

Deno.test("uninstall keeps a file that somebody has changed", async () => {
  await using place = await openPlace();
  await place.install();
  const unit = "/usr/local/lib/systemd/system/vfio-ask.service";
  place.write(unit, "# mine");
  const out = await place.uninstall();
  assertStringIncludes(out, `kept       ${unit} (somebody has changed it)\n`);
  assertEquals(filesOf(place), [unit]);
});

Deno.test("install keeps a changed unit below /etc", async () => {
  await using place = await openPlace();
  const prefix = ["--prefix", "/opt/v"];
  await place.install(...prefix);
  const unit = "/etc/systemd/system/vfio-ask.service";
  place.write(unit, "# mine");
  const out = await place.install(...prefix);
  assertStringIncludes(out, `kept       ${unit} (somebody has changed it; remove it`);
  assertEquals(place.read(unit), "# mine");
});

Deno.test("install and uninstall change nothing with --dry-run", async () => {
  await using place = await openPlace();
  const out = await place.install("--dry-run");
  assertStringIncludes(out, "created    /usr/local/bin/vfio-ask\n");
  assertEquals(place.list(), []);
  await place.install();
  const before = place.list();
  assertStringIncludes(await place.uninstall("--dry-run"), "removed    /usr/local/bin/vfio-ask\n");
  assertEquals(place.list(), before);
});

Deno.test("install runs nothing of this machine with --root", async () => {
  await using place = await openPlace();
  const lines = (await place.install("--now")).split("\n").filter((line) =>
    /system(d|ctl)/.test(line)
  );
  const commands = lines.filter((line) => !/ \//.test(line) || line.includes("systemd-"));
  assertEquals(commands.filter((line) => !line.startsWith("not run ")), []);
  assertStringIncludes(
    commands.join("\n"),
    "systemctl enable --now vfio-ask.service vfio-ask-worker.socket",
  );
});

const HOOK = "/etc/libvirt/hooks/qemu.d/50-vfio-ask";

Deno.test("install --hook adds libvirt's hook, an update keeps it, and uninstall removes it", async () => {
  await using place = await openPlace();
  const out = await place.install("--hook");
  assertStringIncludes(out, `created    ${HOOK}\n`);
  assertStringIncludes(out, "\nNext: systemctl reload libvirtd (or virtqemud)");
  assertEquals(Deno.statSync(place.root + HOOK).mode! & 0o777, 0o755);
  assertStringIncludes(await place.install(), `unchanged  ${HOOK}\n`);
  await place.uninstall();
  assertEquals(place.list(), []);
});

Deno.test("install --hook keeps the hook of somebody else, and says so", async () => {
  await using place = await openPlace();
  await Deno.mkdir(`${place.root}/etc/libvirt/hooks/qemu.d`, { recursive: true });
  place.write(HOOK, "#!/bin/sh\n");
  const argv = ["install", "--hook", "--root", place.root, "--binary", "/bin/true"];
  const { code, err } = await runCli(argv);
  assertEquals(code, 4);
  assertStringIncludes(err, `${HOOK} is another hook of libvirt`);
  await place.uninstall("--purge");
  assertEquals(filesOf(place), [HOOK]);
});

Deno.test("only exit code 1 of the hook stops a migration, and other calls do not start it", async () => {
  await using place = await openPlace();
  const program = `${place.root}/its bin/vfio-ask`;
  await Deno.mkdir(`${place.root}/its bin`);
  const run = async (...args: string[]) => {
    const { code, stdout } = await new Deno.Command("sh", {
      args: ["-c", formatHook(program), "hook", ...args],
    }).output();
    return [code, new TextDecoder().decode(stdout)];
  };
  const begin = ["g1", "migrate", "begin", "-"];
  assertEquals(await run(...begin), [0, ""]);
  for (const code of [0, 1, 2, 4, 139]) {
    await Deno.writeTextFile(program, `#!/bin/sh\necho "$@"\nexit ${code}\n`, { mode: 0o755 });
    assertEquals(await run(...begin), [code === 1 ? 1 : 0, "hook -- g1 migrate begin -\n"]);
    assertEquals(await run("g1", "start", "begin", "-"), [0, ""]);
  }
});

const WRONG: readonly (readonly [argv: readonly string[], code: number, ...words: string[]])[] = [
  [["install", "--root", "here"], 2, "--root here: not an absolute path", "Use --root /"],
  [["install", "--prefix", "usr"], 2, "--prefix usr: not an absolute path"],
  [["install", "--root", "/nowhere", "--now", "--no-start"], 2, "exclude each other"],
  [["install", "--root", "/nowhere"], 2, "This program is not compiled", "--binary"],
  [["uninstall", "--root", "/nowhere"], 2, "Nothing is installed below /usr/local", "--prefix"],
];

for (const [argv, expected, ...words] of WRONG) {
  Deno.test(`${argv.join(" ")} is refused with a remedy`, async () => {
    const { code, out, err } = await runCli(argv);
    assertEquals([code, out], [expected, ""]);
    for (const word of words) assertStringIncludes(err, word);
  });
}

Deno.test("install names the file that it cannot write", async () => {
  await using place = await openPlace();
  await Deno.mkdir(`${place.root}/usr/local`, { recursive: true });
  place.write("/usr/local/bin", "a file");
  const binary = `${place.root}/usr/local/bin`;
  const { code, err } = await runCli(["install", "--binary", binary, "--root", place.root]);
  assertEquals(code, 4);
  assertStringIncludes(err, `Cannot create ${binary}: EEXIST`);
  assertStringIncludes(err, "--prefix");
});

/** Runs a tool of systemd below a root, or returns null if this machine has none. */
async function runTool(root: string, program: string, ...args: string[]): Promise<string | null> {
  try {
    const { stderr, success } = await new Deno.Command(program, {
      args: [`--root=${root}`, ...args],
      stdout: "null",
      stderr: "piped",
    }).output();
    return success ? "" : new TextDecoder().decode(stderr);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

Deno.test({
  name: "systemd creates the user, the group and the state directory of the installation",
  // needs root, systemd-sysusers and systemd-tmpfiles
  ignore: Deno.uid() !== 0 || await runTool("/nowhere", "systemd-sysusers", "--help") === null ||
    await runTool("/nowhere", "systemd-tmpfiles", "--help") === null,
  async fn() {
    await using place = await openPlace();
    await place.install("--prefix", "/usr");
    assertEquals(await runTool(place.root, "systemd-sysusers"), "");
    assertStringIncludes(place.read("/etc/passwd"), "vfio-ask:x:");
    assertStringIncludes(place.read("/etc/group"), "vfio-ask:x:");
    assertEquals(await runTool(place.root, "systemd-tmpfiles", "--create"), "");
    assertEquals(Deno.statSync(`${place.root}/var/lib/vfio-ask`).mode! & 0o7777, 0o2750);
  },
});
