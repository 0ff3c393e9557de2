import { basename, dirname, join } from "@std/path";
import { Failure } from "../documents/mod.ts";
import { errnoOf } from "../host/mod.ts";

/** The mode of the file: other users' programs read it. */
const MODE = 0o644;

/**
 * Replaces a file in one step, so that no reader sees a part of it, also after a crash. The new file is written next to
 * it under a name that begins with a dot, which collectors ignore. Effect: writes the file. Throws a {@link Failure}.
 */
export function writeOutput(path: string, text: string): void {
  const temporary = join(dirname(path), `.${basename(path).slice(0, 200)}.${Deno.pid}`);
  try {
    using file = Deno.openSync(temporary, { write: true, create: true, truncate: true });
    const bytes = new TextEncoder().encode(text);
    let written = 0;
    while (written < bytes.length) written += file.writeSync(bytes.subarray(written));
    file.syncSync();
    // The mode of a new file depends on the umask.
    Deno.chmodSync(temporary, MODE);
    Deno.renameSync(temporary, path);
  } catch (cause) {
    try {
      Deno.removeSync(temporary);
    } catch {
      // It was not created.
    }
    throw new Failure("kernel", `Cannot write ${path}: kernel answered ${errnoOf(cause)}`, {
      subject: path,
      remedy: "Check that the directory exists and may be written.",
      cause,
    });
  }
}
