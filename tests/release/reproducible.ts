import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { sha256 } from "../../scripts/sha256.ts";
import { type Checkout, checkOut, cloneOf, must } from "./checkout.ts";
import project from "../../deno.json" with { type: "json" };

Deno.test("two builds of one commit are the same byte for byte, in other folders, zones and caches", async () => {
  await using first = await checkOut();
  await using second = await cloneOf(first);
  const cache = await Deno.makeTempDir({ prefix: "vfio-ask-deno-dir-" });
  try {
    const a = await build(first, {});
    const b = await build(second, { DENO_DIR: cache, TZ: "Asia/Kolkata", LC_ALL: "C.UTF-8" });
    assertEquals(b, a);
    assertEquals(Object.keys(a), [
      "vfio-ask",
      "vfio-ask.cdx.json",
      "vfio-ask.licenses.txt",
      `vfio-ask_${project.version}_amd64.deb`,
    ]);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});

/** The digests of what a build of the package leaves in dist/. */
async function build(checkout: Checkout, env: Record<string, string>) {
  await must(checkout, ["scripts/deno", "task", "deb"], env);
  const dist = join(checkout.folder, "dist");
  const files = Array.from(Deno.readDirSync(dist), ({ name }) => name).sort();
  const text = new TextDecoder("latin1").decode(await Deno.readFile(join(dist, "vfio-ask")));
  assert(!text.includes(checkout.folder), "the executable contains the path of its sources");
  const digests = files.map(async (
    name,
  ) => [name, await sha256(await Deno.readFile(join(dist, name)))]);
  return Object.fromEntries(await Promise.all(digests));
}
