/**
 * Runs the tests in the test machine: prepares it, builds the program and its tests, boots each kernel, and ends with
 * `tests: N passed, N failed[, N skipped]` over all runs.
 *
 *   deno task test:vm [KERNEL/CASES[/TEXT]…]  e.g. debian/plain "vfiolab/v1/hangs in"; without arguments, the default runs
 *   deno task test:vm debian/plain debian/preflight debian/v1 debian/systemd debian/qemu   everything on the kernel without cdevs
 *   deno task test:vm vfiolab/hosts       two hosts with libvirt, and `virsh migrate` between them
 *   deno task test:vm vfiolab/bench       a preflight compared with a C program
 *   deno task test:vm vfiolab/pci-all     every altered PCI configuration, of which vfiolab/pci is a sample
 *   deno task test:vm vfiolab/storm       kills and high load; only by hand, on a machine without other work
 *   deno task test:vm vfiolab/storm-all   300 kills and a minute of every storm
 */
import { basename, join } from "@std/path";

/** The exit status of scripts/vm/run if the kernel reported a bug. */
const KERNEL_BUG = 126;

/** The longest first. On Debian's kernel, which has no cdevs, only the cases that depend on the kernel. */
const RUNS = [
  "vfiolab/preflight",
  "vfiolab/v1",
  "vfiolab/plain",
  "debian/sample",
  "vfiolab/qemu",
  "vfiolab/pci",
  "vfiolab/systemd",
  "debian/qemu/predicted:",
  "vfiolab/hosts",
];
/** Runs with more than one machine. They start when no other machine runs. */
const ALONE = ["hosts"];
/** Additional options of scripts/vm/run. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  systemd: ["--root", "systemd"],
  pci: ["--qemus"],
  qemu: ["--qemus"],
  "pci-all": ["--qemus", "--timeout", "3000"],
  storm: ["--timeout", "1200"],
  "storm-all": ["--timeout", "3000"],
};
/** The number of concurrent machines, with one processor each. Their output is printed line by line with their name. */
const AT_ONCE = Math.min(2, navigator.hardwareConcurrency);

/** The largest number of failures at the end, and of lines from each log. */
const MAX_FAILURES = 3;
const MAX_LINES = 8;

const runs = Deno.args.length > 0 ? Deno.args : RUNS;

await must("scripts/vm/prepare", []);
await build([]);
await build(["--entry", "tests/vm/main.ts", "--output", "dist/vm-tests"]);

/** Failures with the end of their log and the command to run them alone. Printed last, to be seen. */
const failures: string[] = [];
const total = { passed: 0, failed: 0, skipped: 0 };
if (Deno.args.length === 0) total[await testSoftware() ? "passed" : "failed"]++;
const isAlone = (run: string) => ALONE.includes(run.split("/")[1]!);
await runAll(runs.filter((run) => !isAlone(run)), AT_ONCE);
await runAll(runs.filter(isAlone), 1);
const { passed, failed, skipped } = total;
for (const failure of failures.slice(0, MAX_FAILURES)) console.log(`\n${failure}`);
if (failures.length > MAX_FAILURES) console.log(`\n… and ${failures.length - MAX_FAILURES} more`);
console.log(`\ntests: ${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
Deno.exit(failed === 0 ? 0 : 1);

/** Runs and counts all, with so many machines at once. */
async function runAll(runs: readonly string[], atOnce: number): Promise<void> {
  const waiting = [...runs];
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      const counted = await runOnce(run);
      for (const key of ["passed", "failed", "skipped"] as const) total[key] += counted[key];
    }
  }));
}

/** Whether the program finds the machine's QEMU and the version that QEMU itself prints. */
async function testSoftware(): Promise<boolean> {
  const run = async (...words: string[]) => (await capture("scripts/vm/chroot", words)).text;
  const says = await run("qemu-system-x86_64", "--version");
  const snapshot = await run("/project/dist/vfio-ask", "snapshot", "--state", "/nowhere");
  const found = JSON.parse(snapshot || "{}").host?.facts?.qemu;
  const isFound = typeof found === "string" && says.includes(` version ${found} `);
  console.log(`${isFound ? "ok" : "not ok"} the version of QEMU is found: ${found}`);
  return isFound;
}

/** One boot. A machine that dies or does not report its tests counts as a failed test. */
async function runOnce(run: string): Promise<typeof total> {
  const [, kernel, which, pattern = ""] = run.match(/^([^/]+)\/([^/]+)\/?(.*)$/) as string[] as [
    string,
    string,
    string,
    string,
  ];
  const job = await Deno.makeTempDir({ prefix: "vm-job-" });
  // The service runs the program as its own user.
  await Deno.chmod(job, 0o755);
  try {
    const files = ["dist/vfio-ask", "dist/vm-tests", "tests/vm/job.sh"];
    if (which === "bench") files.push(await buildYardstick());
    if (which === "hosts") files.push("tests/vm/hosts/hosts.sh");
    if (which === "systemd" || which === "hosts") files.push(await buildPackage());
    for (const file of files) {
      await Deno.copyFile(file, join(job, basename(file)));
    }
    if (which === "hosts") await decompress(join(job, basename(files.at(-1)!)));
    await Deno.writeTextFile(`${job}/which`, `${which}\n${pattern}\n`);
    const options = ["--timeout", "600", ...OPTIONS[which] ?? []];
    const script = which === "hosts" ? "scripts/vm/run-hosts" : "scripts/vm/run";
    const started = performance.now();
    const tell = (line: string) => console.log(`${kernel}/${which}: ${line}`);
    const { code, text } = await capture(script, [...options, kernel, job], tell);
    const took = ((performance.now() - started) / 1000).toFixed(0);
    tell(`ended after ${took} s, exit ${code}`);
    const closing = text.match(/^vm: (\d+) passed, (\d+) failed, (\d+) skipped$/m);
    if (closing === null || code === KERNEL_BUG) failures.push(describeFailure(run, text));
    if (closing === null) return { passed: 0, failed: 1, skipped: 0 };
    for (const { name, log } of failedCases(text)) {
      failures.push(describeFailure(`${kernel}/${which}/${name}`, log));
    }
    const [passed, failed, skipped] = closing.slice(1).map(Number) as [number, number, number];
    // All tests passed, but the machine reported an error, such as an oops.
    return { passed, failed: failed === 0 && code !== 0 ? 1 : failed, skipped };
  } finally {
    await Deno.remove(job, { recursive: true });
  }
}

/** The failed cases, each with its output. */
function failedCases(text: string): { name: string; log: string }[] {
  return text.split(/^(?=(?:ok|not ok|skip) |vm: )/m).flatMap((block) => {
    const name = block.match(/^not ok (.*) \(\S+ s\)$/m)?.[1];
    return name === undefined ? [] : [{ name, log: block }];
  });
}

function describeFailure(run: string, log: string): string {
  const lines = log.split("\n").filter((line) => line.trim() !== "").slice(-MAX_LINES);
  return [
    `FAILED ${run}`,
    ...lines.map((line) => `    ${line}`),
    `    alone: scripts/deno task test:vm '${run.replaceAll("'", ".")}'`,
  ].join("\n");
}

/** The Debian package of the program. It builds the same executable again. */
async function buildPackage(): Promise<string> {
  const config = Deno.env.get("VFIO_ASK_CONFIG");
  await must(Deno.execPath(), ["run", ...(config ? [config] : []), "-A", "scripts/deb/main.ts"]);
  const names = Array.from(Deno.readDirSync("dist"), ({ name }) => name);
  return `dist/${names.find((name) => name.endsWith("_amd64.deb"))}`;
}

/** Replaces a package by the same without compression, because decompression takes a minute under software emulation. */
async function decompress(file: string): Promise<void> {
  const command =
    'dpkg-deb --raw-extract "$1" "$1.tree" && dpkg-deb -Znone --root-owner-group --build "$1.tree" "$1"';
  await must("sh", ["-c", `(${command}) > /dev/null && rm -r "$1.tree"`, "sh", file]);
}

/** The C program that bench_cases.ts uses as the yardstick, built with the test machine's compiler. */
async function buildYardstick(): Promise<string> {
  const command = "SCRATCH=$PWD/dist scripts/vm/chroot " +
    "gcc -O2 -o /scratch/preflight-yardstick scripts/bench/preflight.c";
  await must("sh", ["-c", command]);
  return "dist/preflight-yardstick";
}

async function build(args: string[]): Promise<void> {
  const config = Deno.env.get("VFIO_ASK_CONFIG");
  await must(Deno.execPath(), [
    "run",
    ...(config ? [config] : []),
    "-A",
    "scripts/build.ts",
    ...args,
  ]);
}

async function must(program: string, args: string[]): Promise<void> {
  const { code } = await new Deno.Command(program, { args, stdin: "null" }).spawn().status;
  if (code !== 0) Deno.exit(code);
}

/** Runs a program and returns its output. Each line is also passed on at once. */
async function capture(
  program: string,
  args: string[],
  tell: (line: string) => void = () => {},
): Promise<{ code: number; text: string }> {
  const child = new Deno.Command(program, { args, stdin: "null", stdout: "piped" }).spawn();
  let [text, told] = ["", 0];
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf("\n", told); end !== -1; end = text.indexOf("\n", told)) {
      tell(text.slice(told, end));
      told = end + 1;
    }
  }
  if (told < text.length) tell(text.slice(told));
  const { code } = await child.status;
  return { code, text };
}
