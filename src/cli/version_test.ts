import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Build } from "./built.ts";
import { documentOf, formatBuild } from "./version.ts";

const SHA256 = "5".repeat(64);
const NPM: Build = {
  commit: "c0ffee",
  changed: true,
  runtime: { origin: "npm", from: "@a/b@1.0.0", deno: "2.7.14", sha256: SHA256 },
};
const RELEASED: Build = {
  commit: "c0ffee",
  changed: false,
  runtime: {
    origin: "release-host",
    from: "https://host.test/denort.zip",
    deno: "2.7.14",
    sha256: SHA256,
  },
};

Deno.test("formatBuild() says that a runtime is not from Deno's host, and that sources had changes", () => {
  const text = formatBuild(NPM);
  assertStringIncludes(text, "c0ffee, with changes");
  assertStringIncludes(text, "not from Deno's release host, but from the npm package @a/b@1.0.0");
  assertStringIncludes(text, SHA256);
});

Deno.test("formatBuild() names the URL of a released runtime", () => {
  assertEquals(
    formatBuild(RELEASED),
    `commit   c0ffee\nruntime  Deno's release https://host.test/denort.zip\n         SHA-256 ${SHA256}\n`,
  );
});

Deno.test("documentOf() has the same fields for a program that runs from its sources", () => {
  assertEquals(Object.keys(documentOf(null)), Object.keys(documentOf(NPM)));
  assertEquals(documentOf(null).runtime.origin, "development");
});
