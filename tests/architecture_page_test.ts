import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";

const TOP = fromFileUrl(new URL("..", import.meta.url));
const TEXT = Deno.readTextFileSync(`${TOP}/ARCHITECTURE.md`);

/** The sections of the page, with heading and named files. */
const sections = TEXT.split(/^#{2,3} /m).slice(1).map((section) => {
  const [heading = ""] = section.split("\n");
  const files = [...section.matchAll(/`((?:ffi|src|docs|scripts|tests)\/[\w./]+\.\w+|main\.ts)`/g)];
  return { heading, text: section, files: [...new Set(files.map(([, file]) => file!))] };
});

/** The sections below a second-level heading. */
function below(heading: string): typeof sections {
  const part = TEXT.split(/^## /m).find((text) => text.startsWith(heading)) ?? "";
  return sections.filter((section) => part.includes(`### ${section.heading}\n`));
}

Deno.test("ARCHITECTURE.md names only existing files", () => {
  const named = sections.flatMap(({ files }) => files).filter((file) => !file.includes("NAME"));
  assert(named.length > 30);
  const missing = named.filter((file) => {
    try {
      return !Deno.statSync(`${TOP}/${file}`).isFile;
    } catch {
      return true;
    }
  });
  assertEquals(missing, []);
});

Deno.test("ARCHITECTURE.md has three walks of at most 15 files", () => {
  const walks = below("Three walks");
  assertEquals(walks.length, 3);
  for (const { heading, files } of walks) assert(files.length <= 15, `${heading}: ${files.length}`);
});

Deno.test("ARCHITECTURE.md has six recipes of at most 4 files, not counting documents", () => {
  const recipes = below("Recipes");
  assertEquals(recipes.length, 6);
  for (const { heading, files } of recipes) {
    const touched = files.filter((file) => !file.endsWith(".md"));
    assert(touched.length >= 1 && touched.length <= 4, `${heading}: ${touched.length}`);
  }
});

Deno.test("ARCHITECTURE.md shows every folder in its picture", () => {
  const [picture = ""] = TEXT.split("## Three walks");
  const rooms = Array.from(Deno.readDirSync(`${TOP}/src`), ({ name }) => `src/${name}`);
  assertEquals(rooms.filter((room) => !picture.includes(room)), []);
});

Deno.test("ARCHITECTURE.md has the size of each room, to about a fifth", () => {
  const stated = [...TEXT.matchAll(/`([\w/]+)` +\| (\d+)/g)];
  assert(stated.length > 20);
  const wrong = stated.flatMap(([, room, lines]) => {
    const size = countLines(`${TOP}/${room}`);
    return Math.abs(size - Number(lines)) > 100 + size / 5 ? [`${room}: ${size}`] : [];
  });
  assertEquals(wrong, []);
});

/** The lines of a folder's source files, without tests. */
function countLines(folder: string): number {
  let count = 0;
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) count += countLines(path);
    else if (/(?<!_test|testing)\.tsx?$/.test(name)) {
      count += Deno.readTextFileSync(path).split("\n").length - 1;
    }
  }
  return count;
}
