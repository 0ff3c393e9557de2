import { assertEquals, assertRejects } from "@std/assert";
import { settleBundle } from "../scripts/settle_bundle.ts";

/** What becomes of files, with their times in seconds. */
async function settle(files: Record<string, string>, foreign: string[] = []) {
  const directory = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${directory}/${name}`, text);
    }
    await settleBundle(directory, { main: "main.js", seconds: 1_000_000_000, foreign });
    const names = Array.from(Deno.readDirSync(directory), ({ name }) => name).sort();
    const times = names.map((name) => Deno.statSync(`${directory}/${name}`).mtime!.getTime());
    const texts = names.map((name) => [name, Deno.readTextFileSync(`${directory}/${name}`)]);
    return { files: Object.fromEntries(texts), times: [...new Set(times)] };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("settleBundle() names the parts in the order in which the main module needs them", async () => {
  const bundle = (a: string, b: string, c: string) => ({
    "main.js": `import "./chunk-${b}.js"; const load = () => import("./ask-${c}.js");`,
    [`chunk-${a}.js`]: "export {};",
    [`chunk-${b}.js`]: `import "./chunk-${a}.js";`,
    [`ask-${c}.js`]: `import "./chunk-${a}.js";`,
    "build.json": "{}",
  });
  const settled = await settle(bundle("AAAAAAAA", "BBBBBBBB", "CCCCCCCC"));
  assertEquals(settled.files, {
    "main.js": `import "./chunk.js"; const load = () => import("./ask.js");`,
    "chunk.js": `import "./chunk-2.js";`,
    "chunk-2.js": "export {};",
    "ask.js": `import "./chunk-2.js";`,
    "build.json": "{}",
  });
  assertEquals(settled.times, [1_000_000_000_000]);
  assertEquals(await settle(bundle("ZZZZZZZZ", "YYYYYYYY", "XXXXXXXX")), settled);
});

Deno.test("settleBundle() names the package, not the cache, in comments of the bundler", async () => {
  const cached = "../../home/u/.cache/deno/npm/registry.example/hono/4.13.19/dist/hono.js";
  const { files } = await settle({ "main.js": `// ${cached}\nlet a;\n// src/cli/run.ts\n` });
  assertEquals(files["main.js"], "// npm:hono/4.13.19/dist/hono.js\nlet a;\n// src/cli/run.ts\n");
});

Deno.test("settleBundle() refuses a bundle that contains a path of this machine", async () => {
  const files = { "main.js": `load("/home/u/project/secret.txt");` };
  await assertRejects(
    () => settle(files, ["/home/u/project"]),
    Error,
    "Cannot bundle: main.js contains /home/u/project",
  );
});
