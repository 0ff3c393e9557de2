import { assertEquals, assertGreater } from "@std/assert";
import { fromFileUrl, relative } from "@std/path";

const TOP = fromFileUrl(new URL("..", import.meta.url));

/** What each folder may import, from the bottom up. A file may always import from its own folder. */
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
  ledger           documents host
  device           ffi documents host
  probe            ffi documents device
  preflight        ffi documents device probe
  worker           ffi documents host tasks state device probe preflight
  children         documents tasks
  vms              documents host children
  moves            documents judge/joint vms
  config           ffi documents host judge/rules
  access           documents host judge/rules tasks state ledger children vms
  view             ffi documents host judge/vmm judge/doctor tasks state ledger children config access
  trials           documents host judge/rules judge/ask tasks state access view
  answers          documents judge/vmm judge/ask judge/joint vms moves config trials
  export           documents ledger config
  systemd          ffi documents
  man
  install          documents
  simulator        ffi host
  openapi          documents judge/ask tasks answers
  page             documents judge/doctor config answers
  http             documents judge/ask moves tasks ledger vms config trials answers export systemd openapi
                   page
  hook             documents host vms children answers
  cli              ffi documents host judge/rules judge/ask judge/joint judge/doctor moves tasks ledger worker children vms
                   config access view trials answers http systemd export man install simulator hook
  main.ts          ffi cli deno.json
`);

/** The folders that open devices. Only the command `worker` loads them. */
const OPENS_DEVICES = ["device", "probe", "preflight", "worker"];

/** The folders that are pure: they judge from documents only. */
const PURE = ["documents", "judge"];

const PACKAGES = ["@rgrove/parse-xml", "@std/cli", "@std/path", "@std/semver", "hono", "zod"];
const PACKAGES_OF_TESTS = ["@std/assert", ...PACKAGES];

interface Import {
  from: string;
  /** A file of this repository, or the name of a package. */
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

/** Every file below the folders, including tests. */
function listFiles(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    Array.from(Deno.readDirSync(`${TOP}/${folder}`)).flatMap(({ name, isDirectory }) => {
      const path = `${folder}/${name}`;
      if (isDirectory) return listFiles(path);
      return name.endsWith(".ts") ? [path] : [];
    })
  );
}

/** All imports of the files and of what they import, as Deno resolves them. */
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

/** A file of this repository as a path below the top; null for vendored code and others. */
function fileOf(url: string): string | null {
  if (!url.startsWith("file://")) return null;
  const path = relative(TOP, fromFileUrl(url));
  return path.startsWith("..") || path.startsWith("scripts/std/") ? null : path;
}

/** `@std/cli` of `@std/cli/parse-args`, `zod` of `zod/mini`. */
function packageOf(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/** A folder for each line: its name, and what it may import. A line without a name continues the previous one. */
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

/** The folder of a file: one level below src, two levels for the judgement. */
function roomOf(file: string): string {
  const parts = file.split("/");
  if (parts[0] !== "src") return parts[0]!;
  return parts.slice(1, parts[1] === "judge" ? 3 : 2).join("/");
}

const isOurs = ({ to }: Import) => to.includes(".");
const isTest = (file: string) => file.endsWith("_test.ts") || file.endsWith("testing.ts");

/** The program and the `mod.ts` of each folder, to include folders that the program does not use yet. */
const doors = ["main.ts", ...listFiles("src").filter((file) => file.endsWith("/mod.ts"))];
const imports = await readImports(doors);

Deno.test("imports between folders point one way", () => {
  assertGreater(imports.length, 100);
  const wrong = imports.filter(isOurs).filter(({ from, to }) => {
    const [a, b] = [roomOf(from), roomOf(to)];
    return a !== b && !(MAY_IMPORT.get(a)?.includes(b) ?? false);
  });
  assertEquals(wrong.map(({ from, to }) => `${from} imports ${to}`), []);
});

Deno.test("a folder may import only what is above it in the table, and every folder is in the table", () => {
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

Deno.test("only the command worker loads folders that open devices", () => {
  const wrong = imports.filter(isOurs).filter(({ from, to, typeOnly }) =>
    !typeOnly && OPENS_DEVICES.includes(roomOf(to)) && !OPENS_DEVICES.includes(roomOf(from))
  );
  assertEquals(wrong.map(({ from, to }) => `${from} imports ${to}`), [
    "src/cli/worker.ts imports src/worker/mod.ts",
  ]);
});

Deno.test("there are no import cycles, including types", () => {
  assertEquals(findCycle(imports.filter(isOurs)), []);
});

Deno.test("another folder is imported only by its mod.ts, except files of ffi", () => {
  const wrong = imports.filter(isOurs).filter(({ from, to, typeOnly }) => {
    const room = roomOf(to);
    const isDoor = room === "ffi" || /^src\/.*\/mod\.ts$/.test(to);
    return !typeOnly && to.startsWith("src/") && room !== roomOf(from) && !isDoor;
  });
  assertEquals(wrong.map(({ from, to }) => `${from} imports ${to}`), [
    // Only main.ts creates the real world.
    "main.ts imports src/cli/world.ts",
    // The rest of the simulator is loaded only when it is needed.
    "src/cli/options.ts imports src/simulator/names.ts",
  ]);
});

Deno.test("only the chosen packages are imported", async () => {
  const tests = listFiles("ffi", "src", "tests").filter(isTest);
  const byTests = await readImports([...tests]);
  const wrong = [...imports, ...byTests].filter((entry) => !isOurs(entry))
    .filter(({ from, to }) =>
      !(from.startsWith("tests/") || isTest(from) ? PACKAGES_OF_TESTS : PACKAGES).includes(to)
    );
  assertEquals(wrong.map(({ from, to }) => `${from} imports ${to}`), []);
});

Deno.test("no file of the program imports tests or test helpers", () => {
  const wrong = imports.filter(({ to }) => to.startsWith("tests/") || isTest(to));
  assertEquals(wrong, []);
});

Deno.test("documents and judge use no clock, no files and no network", () => {
  const files = listFiles(...PURE.map((room) => `src/${room}`))
    .filter((file) => !isTest(file));
  const outside = /\bDeno\.|\bDate\b|\bfetch\(|\bperformance\.|\bMath\.random|\bcrypto\b/;
  const wrong = files.filter((file) => outside.test(Deno.readTextFileSync(`${TOP}/${file}`)));
  assertEquals(wrong, []);
});

/** A cycle as its list of files, the first repeated at the end; empty if there is none. */
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
