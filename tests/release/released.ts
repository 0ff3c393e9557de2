import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { findDenort } from "../../scripts/denort.ts";
import { sha256 } from "../../scripts/sha256.ts";
import { zipOf } from "../fixtures/zip.ts";
import { type Checkout, checkOut, must } from "./checkout.ts";

const NAME = "denort-x86_64-unknown-linux-gnu.zip";
const BUILD = ["scripts/deno", "task", "build", "--release"];

/** Builds a release with a host of its own, which publishes the runtime and this digest. */
async function buildFrom(checkout: Checkout, zip: Uint8Array<ArrayBuffer>, digest: string) {
  const folder = `/release/v${Deno.version.deno}`;
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === `${folder}/${NAME}`) return new Response(zip);
    if (pathname === `${folder}/${NAME}.sha256sum`) return new Response(`${digest}  ${NAME}\n`);
    return new Response("no", { status: 404 });
  });
  const host = `http://127.0.0.1:${server.addr.port}`;
  const output = await checkout.run(BUILD, { VFIO_ASK_DENO_HOST: host });
  return { ...output, url: `${host}${folder}/${NAME}` };
}

Deno.test("a release has the runtime with the digest that Deno's host publishes, or none", async () => {
  await using checkout = await checkOut();
  const binary = join(checkout.folder, "dist/vfio-ask");
  const home = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "/root", ".cache");
  const choice = { arch: "x86_64", cache: join(home, "vfio-ask"), release: false };
  const zip = await zipOf("denort", await Deno.readFile((await findDenort(choice)).path));

  const wrong = await buildFrom(checkout, zip, "0".repeat(64));
  assertEquals(wrong.code, 1);
  assertStringIncludes(wrong.err, `${wrong.url}.sha256sum says ${"0".repeat(64)}`);
  assert(await Deno.stat(binary).catch(() => null) === null, "there is a binary");

  const right = await buildFrom(checkout, zip, await sha256(zip));
  assertEquals(right.code, 0, right.err);
  // This host is not Deno's own one, and the build says so.
  assertStringIncludes(right.out, "NOT from Deno's release host");
  const { commit, changed, runtime } = JSON.parse(
    await must(checkout, [binary, "version", "--json"]),
  );
  assertEquals([changed, runtime.origin, runtime.from], [false, "other-host", right.url]);
  assertEquals(commit, (await must(checkout, ["git", "rev-parse", "HEAD"])).trim());

  await Deno.writeTextFile(join(checkout.folder, "main.ts"), "\n", { append: true });
  const changedSources = await buildFrom(checkout, zip, await sha256(zip));
  assertEquals(changedSources.code, 1);
  assertStringIncludes(changedSources.err, "the sources are not those of a commit");
});

Deno.test("an ordinary build says that its runtime is from npm", async () => {
  await using checkout = await checkOut();
  const out = await must(checkout, ["scripts/deno", "task", "build"], { VFIO_ASK_DENORT: "npm" });
  assertStringIncludes(out, "NOT from Deno's release host");
  const said = await must(checkout, ["dist/vfio-ask", "version"]);
  assertStringIncludes(said, "not from Deno's release host, but from the npm package");
});
