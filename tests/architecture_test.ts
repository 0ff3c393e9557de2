import { assertEquals, assertGreater } from "@std/assert";
import { fromFileUrl, relative } from "@std/path";

const TOP = fromFileUrl(new URL("..", import.meta.url));

/** What each room may import of ours, from the bottom up; a file may always import from its own room. */
const MAY_IMPORT = parseTable(`
  ffi
  documents
  host             ffi documents
  judge/rules      documents
  judge/vmm        documents judge/rules
  judge/ask        documents judge/rules judge/vmm
  judge/joint      documents judge/ask
  judge/doctor     documents judge/rules judge/vmm
  tasks            documents
  state            ffi documents host
  device           ffi documents host
  probe            ffi documents device
  preflight        ffi documents device probe
  worker           ffi documents host tasks state device probe preflight
  children         documents tasks state
  config           ffi documents host judge/rules
  view             ffi documents host judge/vmm judge/doctor tasks state children config
  trials           documents host judge/rules judge/ask tasks state children view
  answers          documents judge/vmm judge/ask judge/joint config trials
  export           documents config
  systemd          ffi
  simulator        ffi documents host
  http             documents judge/ask tasks config trials answers export
  cli              ffi documents host judge/rules judge/ask judge/joint judge/doctor tasks worker children config view
                   trials answers http systemd export simulator
  main.ts          ffi cli deno.json
`);

/** The rooms that open devices. Nothing of them is loaded but by the command `worker`. */
const OPENS_DEVICES = ["device", "probe", "preflight", "worker"];

/** The rooms that judge, from documents alone. */
const PURE = ["documents", "judge"];

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

/** All imports of the files given, and of all that these import, as Deno itself resolves them. */
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

/** A room for each line: its name, and what it may import; a line without a name goes on with the one before. */
function parseTable(text: string): ReadonlyMap<string, readonly string[]> {
  const table = new Map<string, string[]>();
  let allowed: string[] = [];
  for (const line of text.split("\n").filter((line) => line.trim() !== "")) {
    const words = line.trim().split(/ +/);
    if (/^ {2}\S/.test(line)) table.set(words.shift()!, allowed = []);
    allowed.push(...words);
  }
  return table;
}

/** The room of a file: the folder below src, two for what judges. */
function roomOf(file: string): string {
  const parts = file.split("/");
  if (parts[0] !== "src") return parts[0]!;
  return parts.slice(1, parts[1] === "judge" ? 3 : 2).join("/");
}

const isOurs = ({ to }: Import) => to.includes(".");
const isTest = (file: string) => file.endsWith("_test.ts") || file.endsWith("testing.ts");

/** From the program and from each room's front door, so that a room that nothing uses yet is included. */
const doors = ["main.ts", ...listFiles("src").filter((file) => file.endsWith("/mod.ts"))];
const imports = await readImports(doors);

Deno.test("imports of our own files point one way", () => {
  assertGreater(imports.length, 100);
  const wrong = imports.filter(isOurs).filter(({ from, to }) => {
    const [a, b] = [roomOf(from), roomOf(to)];
    return a !== b && !(MAY_IMPORT.get(a)?.includes(b) ?? false);
  });
  assertEquals(wrong.map(({ from, to }) => `${from} imports ${to}`), []);
});

Deno.test("a room may import only what is above it in the table, and every room is there", () => {
  const rooms = [...MAY_IMPORT.keys()];
  const wrong = [...MAY_IMPORT].flatMap(([room, allowed], index) =>
    allowed.filter((name) => name !== "deno.json" && !rooms.slice(0, index).includes(name))
      .map((name) => `${room} may import ${name}`)
  );
  assertEquals(wrong, []);
  const found = new Set(imports.map(({ from }) => roomOf(from)));
  assertEquals([...found].filter((room) => !rooms.includes(room)), []);
  assertEquals(rooms.filter((room) => !found.has(room)), []);
});

Deno.test("what opens devices is loaded by the command worker alone", () => {
  const wrong = imports.filter(isOurs).filter(({ from, to, typeOnly }) =>
    !typeOnly && OPENS_DEVICES.includes(roomOf(to)) && !OPENS_DEVICES.includes(roomOf(from))
  );
  assertEquals(wrong.map(({ from, to }) => `${from} imports ${to}`), [
    "src/cli/worker.ts imports src/worker/mod.ts",
  ]);
});

Deno.test("no file imports itself by way of others, types included", () => {
  assertEquals(findCycle(imports.filter(isOurs)), []);
});

Deno.test("another room is imported by its front door, or by a file of ffi", () => {
  const wrong = imports.filter(isOurs).filter(({ from, to, typeOnly }) => {
    const room = roomOf(to);
    const isDoor = room === "ffi" || /^src\/.*\/mod\.ts$/.test(to);
    return !typeOnly && to.startsWith("src/") && room !== roomOf(from) && !isDoor;
  });
  assertEquals(wrong.map(({ from, to }) => `${from} imports ${to}`), [
    // The real world is made by main.ts alone.
    "main.ts imports src/cli/world.ts",
    // What is behind the simulator's door is loaded only where it is wanted.
    "src/cli/options.ts imports src/simulator/names.ts",
  ]);
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
  const files = listFiles(...PURE.map((room) => `src/${room}`))
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
