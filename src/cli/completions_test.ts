import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runCli } from "../../tests/fixtures/run_cli.ts";
import { SHOWN } from "./commands.ts";

/** Runs bash with a script on its standard input. */
async function bash(script: string, args: string[] = []): Promise<{ code: number; out: string }> {
  const child = new Deno.Command("bash", {
    args: ["--norc", "--noprofile", ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  assertEquals(new TextDecoder().decode(stderr), "");
  return { code, out: new TextDecoder().decode(stdout) };
}

/** The completions of bash for the last of these words. */
async function complete(...words: string[]): Promise<string[]> {
  const { out: script } = await runCli(["completions", "bash"]);
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const { out } = await bash(`${script}
COMP_WORDS=(vfio-ask ${quoted}) COMP_CWORD=${words.length}
_vfio_ask
printf '%s\\n' "\${COMPREPLY[@]}"
`);
  return out.split("\n").filter((line) => line !== "");
}

Deno.test("completions bash prints a valid bash script", async () => {
  const { code, out } = await runCli(["completions", "bash"]);
  assertEquals(code, 0);
  assertEquals((await bash(out, ["-n"])).code, 0);
  assertStringIncludes(out, "complete -F _vfio_ask vfio-ask");
});

Deno.test("completions bash completes commands by prefix", async () => {
  const names = SHOWN.map(({ name }) => name);
  assertEquals((await complete("")).toSorted(), names.toSorted());
  assertEquals(await complete("dev"), ["devices"]);
});

Deno.test("completions bash completes a full command name, and those that begin like it", async () => {
  const names = SHOWN.map(({ name }) => name);
  for (const name of names) {
    assertEquals(await complete(name), names.filter((other) => other.startsWith(name)));
  }
});

Deno.test("completions bash completes options and their values", async () => {
  assertEquals(await complete("devices", "--js"), ["--json"]);
  assertEquals(await complete("serve", "--un"), ["--unix"]);
  assertEquals(await complete("version", "--un"), []);
  assertEquals(await complete("devices", "--probe", ""), ["representative", "each", "never"]);
  assertEquals(await complete("devices", "--simulate", "gpu"), ["gpu-host"]);
});

Deno.test("completions bash completes file names", async () => {
  assertEquals(await complete("ask", "/etc/host"), await bashFiles("/etc/host"));
});

async function bashFiles(prefix: string): Promise<string[]> {
  const { out } = await bash(`compgen -f -- ${prefix}\n`);
  return out.trim().split("\n");
}

Deno.test("completions zsh and fish name every command", async () => {
  for (const shell of ["zsh", "fish"]) {
    const { code, out } = await runCli(["completions", shell]);
    assertEquals(code, 0);
    for (const { name } of SHOWN) assert(out.includes(name), `${shell}: ${name}`);
  }
});

/** Runs a shell with a script as its argument; null if this machine has no such shell. */
async function runShell(shell: string, ...args: string[]): Promise<string | null> {
  try {
    const { stdout } = await new Deno.Command(shell, { args, stderr: "null" }).output();
    return new TextDecoder().decode(stdout);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Runs a test with a file of completions. */
async function withCompletions(
  shell: string,
  name: string,
  run: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/${name}`, (await runCli(["completions", shell])).out);
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "completions fish completes commands, options and their values",
  ignore: await runShell("fish", "--version") === null, // needs fish
  async fn() {
    await withCompletions("fish", "vfio-ask.fish", async (folder) => {
      const complete = async (words: string) => {
        const script = `source ${folder}/vfio-ask.fish; complete -C '${words}'`;
        const out = await runShell("fish", "--no-config", "-c", script);
        return out!.trimEnd().split("\n").map((line) => line.split("\t")[0]);
      };
      assertEquals(await complete("vfio-ask dev"), ["devices"]);
      assertEquals(await complete("vfio-ask devices --prob"), ["--probe"]);
      assertEquals(await complete("vfio-ask devices --probe "), [
        "each",
        "never",
        "representative",
      ]);
    });
  },
});

Deno.test({
  name: "completions zsh is a valid file of the function path",
  ignore: await runShell("zsh", "--version") === null, // needs zsh
  async fn() {
    await withCompletions("zsh", "_vfio-ask", async (folder) => {
      const script =
        `zsh -n $1/_vfio-ask && fpath=($1 $fpath) && autoload -U compinit && compinit -D -u &&
        print -r -- $_comps[vfio-ask]`;
      assertEquals(await runShell("zsh", "-f", "-c", script, "zsh", folder), "_vfio-ask\n");
    });
  },
});
