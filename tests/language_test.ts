/** Checks that prose is in contemporary English: it must not contain archaic words and phrases. */
import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";

const TOP = fromFileUrl(new URL("..", import.meta.url));

/** Folders and files to check. */
const PROSE = [
  "main.ts",
  "ffi",
  "src",
  "scripts",
  "tests",
  "docs",
  "README.md",
  "CONTRIBUTING.md",
  "ARCHITECTURE.md",
  "CHANGELOG.md",
];

/** Archaic words and phrases. Each is rare in source code, so that code does not match by accident. */
const ARCHAIC = [
  "(is|are|be|been|was|were) told",
  "told (apart|beside|once|too)",
  "tells? [a-z]+",
  "who(so)?ever",
  "whatever (becomes|comes|speaks|holds|has|is in)",
  "wherever to",
  "beside",
  "but for",
  "came of",
  "a word on",
  "henceforth",
  "hence",
  "thence",
  "whence",
  "therein",
  "thereby",
  "speaks? (for|of)",
  "asks? its way",
  "so that none",
  "in the place of",
  "(is|are) to be",
  "(as|what) it was",
  "(made|bound|read|asked|looks?|start) anew",
  "(can|could|to) be had",
  "nobody knows",
  "save for",
  "one a line",
  "put right",
  "that which",
  "at the most",
  "overturns?",
  "to whom",
  "came to (nothing|be)",
  "for ever",
].map((phrase) => new RegExp(`\\b${phrase}\\b`, "gi"));

/** The archaic phrases in a text. */
function archaicIn(text: string): string[] {
  // A phrase can continue on the next line, behind the mark of a comment.
  const words = text.replaceAll(/\s+(\*|\/\/)?\s*/g, " ");
  return ARCHAIC.flatMap((phrase) => words.match(phrase) ?? []);
}

/** The text files at or below a path. */
function filesOf(path: string): string[] {
  if (!Deno.statSync(`${TOP}/${path}`).isDirectory) return [path];
  return Array.from(Deno.readDirSync(`${TOP}/${path}`)).flatMap(({ name, isDirectory }) =>
    isDirectory || /\.(tsx?|js|css|md|txt|json)$/.test(name) && name !== "language_test.ts"
      ? filesOf(`${path}/${name}`)
      : []
  );
}

Deno.test("archaicIn() finds phrases across lines and comments, and no identifiers", () => {
  const text = "What came\n * of it is told,\n  // whoever asks.";
  assertEquals(archaicIn(text), ["is told", "whoever", "came of"]);
  assertEquals(archaicIn("const told = await tell(context, tellProblems);"), []);
});

for (const path of PROSE) {
  Deno.test(`${path} has no archaic phrases`, () => {
    const found = filesOf(path).flatMap((file) =>
      archaicIn(Deno.readTextFileSync(`${TOP}/${file}`)).map((phrase) => `${file}: ${phrase}`)
    );
    assertEquals(found, []);
  });
}
