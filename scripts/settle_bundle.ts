/**
 * Makes a bundle independent of the folders that it was built in.
 *
 * Question: why do two builds of the same sources differ? `deno bundle` names its parts by a hash that includes the
 * path of the project, and its comments name files in Deno's cache. Choice: the parts get names in the order in which
 * the main module needs them, comments name the package, and every file gets the same time, because the executable
 * contains it. Given up: building in a fixed folder, which takes root.
 */
import { join } from "@std/path";

const PART = /\.\/([\w-]+)-[0-9A-Z]{8}\.js/g;
/** A comment of the bundler about a file of an npm package: `// ../.cache/deno/npm/HOST/NAME/VERSION/FILE`. */
const NPM_COMMENT = /^(\s*\/\/) \S*\/npm\/[^/\s]+\/(\S+)$/gm;

/** Renames the parts of a bundle and gives all its files one time. Throws if a path of this machine remains. */
export async function settleBundle(
  directory: string,
  { main, seconds, foreign }: { main: string; seconds: number; foreign: readonly string[] },
): Promise<void> {
  const names = new Map([[main, main]]);
  for (const old of names.keys()) {
    const text = await Deno.readTextFile(join(directory, old));
    for (const [reference, stem] of text.matchAll(PART)) {
      const part = reference.slice(2);
      if (!names.has(part)) names.set(part, freeName(stem!, new Set(names.values())));
    }
  }
  for (const [old, name] of names) {
    const text = await Deno.readTextFile(join(directory, old));
    await Deno.remove(join(directory, old));
    const settled = text.replaceAll(PART, (part) => `./${names.get(part.slice(2)) ?? part}`)
      .replaceAll(NPM_COMMENT, "$1 npm:$2");
    const found = foreign.find((path) => settled.includes(path));
    if (found !== undefined) throw new Error(`Cannot bundle: ${old} contains ${found}`);
    await Deno.writeTextFile(join(directory, `${name}.new`), settled);
  }
  for (const name of names.values()) {
    await Deno.rename(join(directory, `${name}.new`), join(directory, name));
  }
  for await (const { name } of Deno.readDir(directory)) {
    await Deno.utime(join(directory, name), seconds, seconds);
  }
}

/** `ask.js`, or `ask-2.js` if that name is taken. */
function freeName(stem: string, taken: ReadonlySet<string>): string {
  for (let n = 1;; n++) {
    const name = n === 1 ? `${stem}.js` : `${stem}-${n}.js`;
    if (!taken.has(name)) return name;
  }
}
