import { dirname, join, relative } from "@std/path";

/** A tree of files under one root. Parent directories are created as needed. */
export interface Tree {
  readonly root: string;
  /** An attribute: text plus a newline, as in sysfs. */
  attribute(path: string, text: string): void;
  bytes(path: string, bytes: Uint8Array): void;
  directory(path: string): void;
  /** A link to another path of the tree, written relative, as in sysfs. The target need not exist. */
  link(path: string, target: string): void;
  /** A link with exactly this text, as in `/proc/<pid>/fd`. */
  linkText(path: string, text: string): void;
}

/** A tree that writes below a directory. Effect: creates files. */
export function createTree(root: string): Tree {
  const made = new Set<string>();
  const make = (directory: string) => {
    if (!made.has(directory)) Deno.mkdirSync(directory, { recursive: true });
    made.add(directory);
  };
  const place = (path: string) => {
    const at = join(root, path);
    make(dirname(at));
    return at;
  };
  return {
    root,
    attribute: (path, text) => Deno.writeTextFileSync(place(path), `${text}\n`),
    bytes: (path, bytes) => Deno.writeFileSync(place(path), bytes),
    directory: (path) => make(join(root, path)),
    link: (path, target) => Deno.symlinkSync(relative(dirname(path), target), place(path)),
    linkText: (path, text) => Deno.symlinkSync(text, place(path)),
  };
}
