import { assert, assertEquals } from "@std/assert";
import { showProgress } from "./progress.ts";

/** The text on standard error while this many items are done one after another. */
function progressOf(total: number, watched: boolean): string[] {
  const written: string[] = [];
  const terminal = { out: () => {}, err: (text: string) => void written.push(text), watched };
  const progress = showProgress(terminal, { what: "snapshot", total });
  for (let done = 0; done <= total; done++) progress(done);
  return written;
}

Deno.test("showProgress() updates one line at most a hundred times and clears it at the end", () => {
  const written = progressOf(10_000, true);
  assert(written.length <= 101, `${written.length}`);
  assertEquals(written.slice(1, 2), ["\r\x1b[Ksnapshot 100 of 10000"]);
  assertEquals(written.at(-1), "\r\x1b[K");
});

Deno.test("showProgress() prints nothing without a terminal, or for a single item", () => {
  assertEquals(progressOf(10_000, false), []);
  assertEquals(progressOf(1, true), []);
});
