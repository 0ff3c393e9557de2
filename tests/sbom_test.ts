/** Tests what scripts/build.ts writes about the contents of an executable. */
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { type Component, type Components, listJsr, listRuntime } from "../scripts/components.ts";
import { formatLicenses } from "../scripts/licenses.ts";
import { formatSbom } from "../scripts/sbom.ts";

const SHA256 = "5".repeat(64);
const CARGO = "/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f";
const RUNTIME = `\0Deno/2.7.14\0 14.7.173.20-rusty\0${CARGO}/tokio-1.47.1/src/lib.rs${CARGO}/` +
  `ash-0.38.0+1.3.281/src/a.rs\0${CARGO}/tokio-1.47.1/src/b.rs${CARGO}/md-5-0.10.6/src/lib.rs`;

async function sample(): Promise<Components> {
  const library: Component = {
    name: "@a/b",
    version: "1.0.0",
    purl: "pkg:npm/%40a/b@1.0.0",
    license: "MIT",
    text: "Copyright (c) A",
    digests: { "SHA-512": "ab" },
  };
  return { packages: [library], ...await listRuntime(RUNTIME, { sha256: SHA256 }) };
}

Deno.test("listRuntime() reads the versions of Deno, V8 and the crates from the runtime", async () => {
  const { deno, v8, crates } = await sample();
  assertEquals([deno.version, v8.version], ["2.7.14", "14.7.173.20"]);
  assertEquals(crates.map(({ purl }) => purl), [
    "pkg:cargo/ash@0.38.0%2B1.3.281",
    "pkg:cargo/md-5@0.10.6",
    "pkg:cargo/tokio@1.47.1",
  ]);
});

Deno.test("listRuntime() refuses a file that is no runtime", async () => {
  await assertRejects(() => listRuntime("\x7fELF", { sha256: SHA256 }), Error, "Cannot find");
});

Deno.test("listJsr() lists each package of JSR once", async () => {
  const modules = ["path/1.1.0/mod.ts", "path/1.1.0/join.ts", "cli/1.0.9/parse_args.ts"]
    .map((path) => ({ specifier: `https://jsr.io/@std/${path}` }));
  const found = await listJsr({ modules: [...modules, { specifier: "file:///main.ts" }] });
  assertEquals(found.map(({ purl }) => purl), [
    "pkg:jsr/%40std/path@1.1.0",
    "pkg:jsr/%40std/cli@1.0.9",
  ]);
});

const SUBJECT = {
  version: "1.2.3",
  arch: "x86_64",
  sha256: SHA256,
  seconds: 1_000_000_000,
  runtimeOrigin: "npm",
};

Deno.test("formatSbom() describes every reference once, and is the same each time", async () => {
  const text = formatSbom(SUBJECT, await sample());
  assertEquals(formatSbom(SUBJECT, await sample()), text);
  const { metadata, components, dependencies } = JSON.parse(text);
  const known = [metadata.component, ...components]
    .map((component: { "bom-ref": string }) => component["bom-ref"]);
  assertEquals(new Set(known).size, known.length);
  const used: string[] = dependencies.flatMap((
    { ref, dependsOn = [] }: { ref: string; dependsOn?: string[] },
  ) => [ref, ...dependsOn]);
  assertEquals(new Set(used), new Set(known));
  assertEquals(metadata.timestamp, "2001-09-09T01:46:40.000Z");
});

Deno.test("formatLicenses() has each text, and refuses a package without one", async () => {
  const components = await sample();
  const text = formatLicenses({ own: "our license", components });
  for (const part of ["our license", "Copyright (c) A", "the Deno authors", "the V8 project"]) {
    assertStringIncludes(text, part);
  }
  const packages = [{ ...components.packages[0]!, text: null }];
  assertThrows(
    () => formatLicenses({ own: "", components: { ...components, packages } }),
    Error,
    "pkg:npm/%40a/b@1.0.0 has no license text",
  );
});
