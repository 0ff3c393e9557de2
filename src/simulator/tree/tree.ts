import { dirname, join, relative } from "@std/path";

/** A tree of files under one root. Parent directories are created as needed. Effect: creates files. */
export class Tree {
  readonly #made = new Set<string>();

  constructor(readonly root: string) {}

  /** An attribute: text plus a newline, as in sysfs. */
  attribute(path: string, text: string): void {
    Deno.writeTextFileSync(this.#place(path), `${text}\n`);
  }

  bytes(path: string, bytes: Uint8Array): void {
    Deno.writeFileSync(this.#place(path), bytes);
  }

  directory(path: string): void {
    const directory = join(this.root, path);
    if (!this.#made.has(directory)) Deno.mkdirSync(directory, { recursive: true });
    this.#made.add(directory);
  }

  /** A link to another path of the tree, written relative, as in sysfs. The target need not exist. */
  link(path: string, target: string): void {
    this.linkText(path, relative(dirname(path), target));
  }

  /** A link with exactly this text, as in `/proc/<pid>/fd`. */
  linkText(path: string, text: string): void {
    Deno.symlinkSync(text, this.#place(path));
  }

  #place(path: string): string {
    this.directory(dirname(path));
    return join(this.root, path);
  }
}
