/** Runs the tests and ends with `tests: N passed, N failed[, N skipped]`. Arguments are passed to `deno test`. */
const config = Deno.env.get("VFIO_ASK_CONFIG");
const PRELOAD = new URL("../tests/open_files.ts", import.meta.url).pathname;
const child = new Deno.Command(Deno.execPath(), {
  args: [
    "test",
    ...(config ? [config] : []),
    "-A",
    "--no-check",
    `--preload=${PRELOAD}`,
    ...Deno.args,
  ],
  env: { NO_COLOR: "1" },
  stdout: "piped",
}).spawn();
let tail = "";
const decoder = new TextDecoder();
for await (const chunk of child.stdout) {
  Deno.stdout.writeSync(chunk);
  tail = (tail + decoder.decode(chunk, { stream: true })).slice(-200_000);
}
const { code } = await child.status;
const closing = tail.split("\n").findLast((line) => /^(ok|FAILED) \| \d+ passed/.test(line));
if (closing !== undefined) {
  const count = (word: string) => Number(closing.match(new RegExp(`(\\d+) ${word}`))?.[1] ?? 0);
  const skipped = count("ignored");
  console.log(
    `tests: ${count("passed")} passed, ${count("failed")} failed${
      skipped ? `, ${skipped} skipped` : ""
    }`,
  );
}
Deno.exit(code);
