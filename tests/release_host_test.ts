/** Tests that a release takes a runtime only if Deno's host publishes its digest. The host is a real server here. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fetchReleasedDenort } from "../scripts/release_host.ts";
import { sha256 } from "../scripts/sha256.ts";
import { zipOf } from "./fixtures/zip.ts";

const RUNTIME = new TextEncoder().encode("\x7fELF runtime ".repeat(1000));
const PATH = "/release/v9.9.9/denort-x86_64-unknown-linux-gnu.zip";
const ZIP = await zipOf("denort", RUNTIME);
const LINE = `${await sha256(ZIP)}  denort-x86_64-unknown-linux-gnu.zip\n`;

/** Fetches from a host with these files. */
async function fetchFrom(files: Record<string, string | Uint8Array>, pinned: string | null = null) {
  const cache = await Deno.makeTempDir();
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const file = files[new URL(request.url).pathname];
    return file === undefined
      ? new Response("no", { status: 404 })
      : new Response(file as BodyInit);
  });
  const host = `http://127.0.0.1:${server.addr.port}`;
  const version = "9.9.9";
  try {
    const denort = await fetchReleasedDenort({ host, arch: "x86_64", version, cache, pinned });
    const kept = Array.from(Deno.readDirSync(cache), ({ name }) => name);
    return {
      ...denort,
      from: denort.from.replace(host, ""),
      bytes: await Deno.readFile(denort.path),
      kept,
    };
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

for (const pinned of [null, await sha256(RUNTIME)]) {
  Deno.test(`fetchReleasedDenort() unpacks what has the published digest, pinned: ${pinned !== null}`, async () => {
    const denort = await fetchFrom({ [PATH]: ZIP, [`${PATH}.sha256sum`]: LINE }, pinned);
    assertEquals(denort.bytes, RUNTIME);
    assertEquals(denort.sha256, await sha256(RUNTIME));
    assertEquals([denort.from, denort.deno], [PATH, "9.9.9"]);
    assertEquals(denort.kept.length, 1);
  });
}

const damaged = ZIP.with(40, ZIP[40]! ^ 1);
const REFUSED: readonly [why: string, files: Record<string, string | Uint8Array>, says: RegExp][] =
  [
    [
      "other digest",
      { [PATH]: damaged, [`${PATH}.sha256sum`]: LINE },
      /its SHA-256 is [0-9a-f]{64}, and .* says/,
    ],
    [
      "no digest",
      { [PATH]: ZIP },
      /Cannot download .*\.sha256sum: the host answers 404\. Build where/,
    ],
    [
      "no archive",
      { [`${PATH}.sha256sum`]: LINE },
      /Cannot download .*\.zip: the host answers 404/,
    ],
    [
      "a digest that is none",
      { [PATH]: ZIP, [`${PATH}.sha256sum`]: "<html>" },
      /expected the output of sha256sum/,
    ],
  ];
for (const [why, files, says] of REFUSED) {
  Deno.test(`fetchReleasedDenort() refuses ${why}`, async () => {
    const error = await assertRejects(() => fetchFrom(files), Error);
    assertMatch(error.message, says);
  });
}

Deno.test("fetchReleasedDenort() refuses a published runtime that is not the pinned one", async () => {
  const files = { [PATH]: ZIP, [`${PATH}.sha256sum`]: LINE };
  const error = await assertRejects(() => fetchFrom(files, "0".repeat(64)), Error);
  assertMatch(error.message, /scripts\/denort\.ts pins 0{64} for Deno 9\.9\.9/);
});

Deno.test("fetchReleasedDenort() refuses an archive without a runtime", async () => {
  const zip = await zipOf("other", RUNTIME);
  const files = { [PATH]: zip, [`${PATH}.sha256sum`]: await sha256(zip) };
  const error = await assertRejects(() => fetchFrom(files), Error);
  assertMatch(error.message, /Cannot find denort in the ZIP/);
});

Deno.test("fetchReleasedDenort() names a host that does not answer", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const host = `http://127.0.0.1:${listener.addr.port}`;
  listener.close();
  const options = { host, arch: "x86_64", version: "9.9.9", cache: "/nowhere", pinned: null };
  const error = await assertRejects(() => fetchReleasedDenort(options), Error);
  assertMatch(error.message, /Cannot download http:.*Build where Deno's host can be reached/s);
});
