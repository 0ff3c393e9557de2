/**
 * Runs the tests of the page in Chromium against `dist/vfio-ask`, and ends with `tests: N passed, N failed`. Builds the
 * program if it is missing, and installs Chromium as root. Screenshots are left in `dist/screenshots`.
 *
 *   deno task test:page [--filter TEXT]
 */
const config = Deno.env.get("VFIO_ASK_CONFIG");
const top = new URL("..", import.meta.url).pathname;
const binary = Deno.env.get("VFIO_ASK_BINARY") ?? `${top}dist/vfio-ask`;

await must("scripts/page/prepare", []);
if (!await Deno.stat(binary).then(() => true, () => false)) {
  await must(Deno.execPath(), ["run", ...(config ? [config] : []), "-A", "scripts/build.ts"]);
}
// The lock is of the program. The tests name the exact versions of what they load.
await must(Deno.execPath(), [
  "run",
  ...(config ? [config] : []),
  "-A",
  "scripts/test.ts",
  "--no-lock",
  "tests/page/page_cases.ts",
  ...Deno.args,
], { VFIO_ASK_BINARY: binary });

async function must(
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<void> {
  const { code } = await new Deno.Command(program, { args, env, cwd: top }).spawn().status;
  if (code !== 0) Deno.exit(code);
}
