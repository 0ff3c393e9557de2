import { assert, assertEquals } from "@std/assert";
import { runProgram } from "./run_program.ts";

const run = (script: string, timeoutMs = 60_000) =>
  runProgram("/bin/sh", { args: ["-c", script], timeoutMs, mostCharacters: 100_000 });

Deno.test("runProgram() gives what a program prints, and whether it succeeded", async () => {
  assertEquals(await run("echo a; echo b >&2"), { out: "a\n", err: "b\n", success: true });
  assertEquals(await run("echo a; exit 3"), { out: "a\n", err: "", success: false });
});

Deno.test("runProgram() gives the program no environment and no input", async () => {
  const { out } = (await run("env; cat"))!;
  const names = out.split("\n").map((line) => line.split("=")[0]!).filter((name) => name !== "");
  // The shell itself sets the others.
  assertEquals(names.filter((name) => !["PWD", "_", "SHLVL", "OLDPWD"].includes(name)), ["LC_ALL"]);
});

Deno.test("runProgram() gives null for a program that is missing, too slow or prints too much", async () => {
  const options = { args: [], timeoutMs: 60_000, mostCharacters: 10 };
  assertEquals(await runProgram("/nowhere/program", options), null);
  assertEquals(await run("exec sleep 600", 50), null);
  assertEquals(await run("exec >&- 2>&-; exec sleep 600", 50), null);
  const since = performance.now();
  assertEquals(await run("exec yes"), null);
  assert(performance.now() - since < 60_000);
});

Deno.test("runProgram() does not wait for a process that the program left behind", async () => {
  const { out } = (await run("sleep 600 > /dev/null 2>&1 & echo $!"))!;
  Deno.kill(Number(out), "SIGKILL");
});
