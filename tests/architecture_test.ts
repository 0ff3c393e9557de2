import { assertEquals, assertGreater } from "@std/assert";
import { fromFileUrl, relative } from "@std/path";

const TOP = fromFileUrl(new URL("..", import.meta.url));

/** What each part may import of ours; a file may always import from its own folder. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "ffi": [],
  "src/documents": [],
  "src/host": ["ffi", "src/documents"],
  "src/judge/rules": ["src/documents"],
  "src/judge/vmm": ["src/documents", "src/judge/rules"],
  "src/judge/ask": ["src/documents", "src/judge/rules", "src/judge/vmm"],
  "src/judge/joint": ["src/documents", "src/judge/ask"],
  "src/judge/doctor": ["src/documents", "src/judge/rules", "src/judge/vmm"],
  "src/device": ["ffi", "src/documents", "src/host"],
  "src/probe": ["ffi", "src/documents", "src/device"],
  "src/preflight": ["ffi", "src/documents", "src/device", "src/probe"],
  "src/tasks": ["src/documents"],
  "src/state": ["ffi", "src/documents", "src/host"],
  "src/worker": [
    "ffi",
    "src/documents",
    "src/host",
    "src/tasks",
    "src/state",
    "src/device",
    "src/probe",
    "src/preflight",
  ],
  "src/children": ["src/documents", "src/tasks", "src/state"],
  "src/config": ["ffi", "src/documents", "src/host", "src/judge/rules"],
  "src/view": [
    "ffi",
    "src/documents",
    "src/host",
    "src/judge/vmm",
    "src/judge/doctor",
    "src/tasks",
    "src/state",
    "src/children",
    "src/config",
  ],
  "src/trials": [
    "src/documents",
    "src/host",
    "src/judge/rules",
    "src/judge/ask",
    "src/tasks",
    "src/state",
    "src/children",
    "src/view",
  ],
  "src/answers": [
    "src/documents",
    "src/judge/vmm",
    "src/judge/ask",
    "src/judge/joint",
    "src/config",
    "src/trials",
  ],
  "src/simulator": ["ffi", "src/documents", "src/host"],
  "src/http": [
    "src/documents",
    "src/judge/ask",
    "src/tasks",
    "src/config",
    "src/trials",
    "src/answers",
    "src/export",
  ],
  "src/systemd": ["ffi"],
  "src/export": ["src/documents", "src/config"],
  "src/cli": [
    "ffi",
    "src/documents",
    "src/host",
    "src/judge/rules",
    "src/judge/ask",
    "src/judge/joint",
    "src/judge/doctor",
    "src/tasks",
    "src/worker",
    "src/children",
    "src/config",
    "src/view",
    "src/trials",
    "src/answers",
    "src/http",
    "src/systemd",
    "src/export",
    "src/simulator",
  ],
  "main.ts": ["ffi", "src/cli", "deno.json"],
};

/** The parts that judge, from documents alone. */
const PURE = [
  "src/documents",
  "src/judge/rules",
  "src/judge/vmm",
  "src/judge/ask",
  "src/judge/joint",
  "src/judge/doctor",
];

const PACKAGES = ["@std/cli", "@std/path", "@std/semver", "hono", "zod"];
const PACKAGES_OF_TESTS = ["@std/assert", ...PACKAGES];

interface Import {
  from: string;
  /** A file of ours, or the name of a package. */
  to: string;
  typeOnly: boolean;
}

interface Module {
  specifier: string;
  dependencies?: {
    specifier: string;
    code?: { specifier: string };
    type?: { specifier: string };
  }[];
}

/** Every file of ours below the folders, tests among them. */
function listFiles(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    Array.from(Deno.readDirSync(`${TOP}/${folder}`)).flatMap(({ name, isDirectory }) => {
      const path = `${folder}/${name}`;
      if (isDirectory) return listFiles(path);
      return name.endsWith(".ts") ? [path] : [];
    })
  );
}

/** All imports of the files given, and of whatever these import, as Deno itself resolves them. */
async function readImports(files: readonly string[]): Promise<Import[]> {
  const imports = new Map<string, Import>();
  for (const file of files) {
    const { stdout, code } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--quiet", file],
      cwd: TOP,
      stdout: "piped",
      stderr: "inherit",
    }).output();
    assertEquals(code, 0, file);
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: Module[] };
    for (const entry of modules.flatMap(importsOf)) imports.set(JSON.stringify(entry), entry);
  }
  return [...imports.values()];
}

function importsOf({ specifier, dependencies = [] }: Module): Import[] {
  const from = fileOf(specifier);
  if (from === null) return [];
  return dependencies.map(({ specifier, code, type }) => ({
    from,
    to: fileOf(code?.specifier ?? type?.specifier ?? "") ?? packageOf(specifier),
    typeOnly: code === undefined,
  }));
}

/** A file of this repository that is its own code, as a path below the top. */
function fileOf(url: string): string | null {
  if (!url.startsWith("file://")) return null;
  const path = relative(TOP, fromFileUrl(url));
  return path.startsWith("..") || path.startsWith("scripts/std/") ? null : path;
}

/** `@std/cli` of `@std/cli/parse-args`, `zod` of `zod/mini`. */
function packageOf(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

function partOf(file: string): string {
  const parts = file.split("/");
  if (parts[0] !== "src") return parts[0]!;
  return parts.slice(0, parts[1] === "judge" ? 3 : 2).join("/");
}

const isOurs = ({ to }: Import) => to.includes(".");
const isTest = (file: string) => file.endsWith("_test.ts") || file.endsWith("testing.ts");

/** From the program and from each part's front door, so that none is left out that is not wired in yet. */
const doors = ["main.ts", ...listFiles("src").filter((file) => file.endsWith("/mod.ts"))];
const imports = await readImports(doors);

Deno.test("imports of our own files point one way", () => {
  assertGreater(imports.length, 100);
  const wrong = imports.filter(isOurs).filter(({ from, to }) => {
    const [a, b] = [partOf(from), partOf(to)];
    return a !== b && !(MAY_IMPORT[a]?.includes(b) ?? false);
  });
  assertEquals(wrong.map(({ from, to }) => `${from} imports ${to}`), []);
});

Deno.test("what a part may import is itself without a cycle", () => {
  const edges = Object.entries(MAY_IMPORT).flatMap(([from, all]) =>
    all.map((to) => ({ from, to }))
  );
  assertEquals(findCycle(edges), []);
});

Deno.test("no file imports itself by way of others, types included", () => {
  assertEquals(findCycle(imports.filter(isOurs)), []);
});

Deno.test("another part is imported by one of its front doors, or by a file of ffi", () => {
  const doorOf = (part: string) =>
    part === "ffi" ? /^ffi\// : new RegExp(`^${part}/(.*/)?mod\\.ts$`);
  const wrong = imports.filter(isOurs).filter(({ from, to }) => {
    const part = partOf(to);
    return part.startsWith("src/") && part !== partOf(from) && !doorOf(part).test(to);
  });
  // The command line's world is made by main.ts alone; the simulator needs one type of sysfs.
  const allowed = [
    "main.ts imports src/cli/world.ts",
    // Behind its door the simulator is loaded only where it is wanted.
    "src/cli/options.ts imports src/simulator/names.ts",
  ];
  const lines = wrong.filter(({ typeOnly }) => !typeOnly).map(({ from, to }) =>
    `${from} imports ${to}`
  );
  assertEquals(lines.filter((line) => !allowed.includes(line)), []);
});

Deno.test("only the packages that were chosen are imported", async () => {
  const tests = listFiles("ffi", "src", "tests").filter(isTest);
  const byTests = await readImports([...tests]);
  const wrong = [...imports, ...byTests].filter((entry) => !isOurs(entry))
    .filter(({ from, to }) =>
      !(from.startsWith("tests/") || isTest(from) ? PACKAGES_OF_TESTS : PACKAGES).includes(to)
    );
  assertEquals(wrong.map(({ from, to }) => `${from} imports ${to}`), []);
});

Deno.test("no file of the program imports a test or what belongs to tests", () => {
  const wrong = imports.filter(({ to }) => to.startsWith("tests/") || isTest(to));
  assertEquals(wrong, []);
});

Deno.test("the vocabulary and the judgement know no clock, no file and no network", () => {
  const files = listFiles(...PURE)
    .filter((file) => !isTest(file));
  const outside = /\bDeno\.|\bDate\b|\bfetch\(|\bperformance\.|\bMath\.random|\bcrypto\b/;
  const wrong = files.filter((file) => outside.test(Deno.readTextFileSync(`${TOP}/${file}`)));
  assertEquals(wrong, []);
});

/** A cycle as `a > b > a`; nothing where there is none. */
function findCycle(edges: readonly { from: string; to: string }[]): string[] {
  const next = Map.groupBy(edges, ({ from }) => from);
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): string[] => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return [];
    for (const { to } of next.get(node) ?? []) {
      const cycle = visit(to, [...path, node]);
      if (cycle.length > 0) return cycle;
    }
    done.add(node);
    return [];
  };
  for (const node of next.keys()) {
    const cycle = visit(node, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
