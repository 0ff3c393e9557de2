/** Runs the executable for aarch64 with qemu-user, its worker process included. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { checkOut, must, type Output } from "./checkout.ts";

/** The C library for aarch64 of Debian's cross packages. */
const LIBRARIES = "/usr/aarch64-linux-gnu";
const INTERPRETER = "/usr/bin/qemu-aarch64";
/** A worker that is emulated may be slow. */
const DEADLINE = ["--deadline", "600"];
const MDEV = "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2";

/**
 * Registers the interpreter for the programs of this shell only: binfmt_misc belongs to a user namespace since Linux 6.7.
 * Magic and mask: an ELF64 file, little endian, executable or shared, for EM_AARCH64.
 */
const REGISTER = `
set -e
mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
printf %s ':vfio-ask-aarch64:M::\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00:` +
  `\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff:${INTERPRETER}:F' \\
  > /proc/sys/fs/binfmt_misc/register
exec "$@"
`;

/** A command line that runs a program for aarch64 and the programs that it starts. */
async function emulated(...command: string[]): Promise<string[]> {
  const registered = await Deno.stat("/proc/sys/fs/binfmt_misc/qemu-aarch64").catch(() => null);
  if (registered !== null) return command;
  return [
    "unshare",
    "--user",
    "--map-root-user",
    "--mount",
    "sh",
    "-c",
    REGISTER,
    "sh",
    ...command,
  ];
}

Deno.test("the executable for aarch64 prints its version, asks, and serves, under qemu-user", async (t) => {
  for (const path of [INTERPRETER, LIBRARIES]) {
    const found = await Deno.stat(path).catch(() => null);
    assert(found, `Install qemu-user, libc6-arm64-cross and libgcc-s1-arm64-cross: no ${path}`);
  }
  await using checkout = await checkOut();
  await must(checkout, ["scripts/deno", "task", "build", "--arch", "aarch64"]);
  const binary = join(checkout.folder, "dist/vfio-ask-aarch64");
  const env = { QEMU_LD_PREFIX: LIBRARIES };
  const run = async (...args: string[]): Promise<Output> =>
    await checkout.run(await emulated(binary, ...args), env);

  await t.step("version", async () => {
    const { out, err } = await run("version", "--json");
    assert(out !== "", err);
    assertEquals(JSON.parse(out).target, "aarch64-unknown-linux-gnu");
  });

  await t.step("ask", async () => {
    const { code, out, err } = await run("ask", "--simulate", "mixed", MDEV, "--json", ...DEADLINE);
    assert([0, 3].includes(code), err);
    const { offers, refused } = JSON.parse(out);
    assert(offers.length > 0 && refused > 0, out);
    assert(!err.includes("worker"), err);
  });

  await t.step("serve", async () => {
    const state = join(checkout.folder, "state");
    const where = ["--listen", "127.0.0.1:0", "--state", state];
    const options = ["--simulate", "mixed", ...where, ...DEADLINE];
    const [program, ...args] = await emulated(binary, "serve", ...options);
    const command = new Deno.Command(program!, { args, env, stdin: "null", stdout: "piped" });
    await using stack = new AsyncDisposableStack();
    const server = command.spawn();
    stack.defer(async () => {
      server.kill("SIGTERM");
      await server.status;
    });
    const base = await addressOf(server.stdout);
    const identity = await (await fetch(`${base}/v1/devices/${MDEV}/identity`)).json();
    const response = await fetch(`${base}/v1/ask`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(identity),
    });
    assertEquals(response.status, 200);
    const { offers, refused } = await response.json();
    assert(offers.length > 0 && refused > 0);
  });
});

/** The address that the server prints. The rest of its output is discarded. */
async function addressOf(stdout: ReadableStream<Uint8Array>): Promise<string> {
  const [text, rest] = stdout.tee();
  rest.pipeTo(new WritableStream()).catch(() => {});
  let said = "";
  for await (const chunk of text.pipeThrough(new TextDecoderStream())) {
    said += chunk;
    const found = said.match(/http:\/\/\S+/);
    if (found !== null) return found[0];
  }
  assertMatch(said, /http/);
  return said;
}
