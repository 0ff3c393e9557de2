import { assert, assertEquals } from "@std/assert";
import type { VmCase } from "./case.ts";
import { isThere, MTTY_2, MTTY_2_IDLE, PROGRAM, runProgram } from "./machine.ts";
import { knownSourceOf, mdevs } from "./preflights.ts";

/** File systems on which the journal cannot be written, and the errno. */
const UNWRITABLE = [["full", "ENOSPC"], ["read-only", "EROFS"]] as const;

async function mount(...args: string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command("mount", { args }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
}

/** Writes a file until its file system is full. */
function fill(path: string): void {
  try {
    for (;;) Deno.writeFileSync(path, new Uint8Array(1024), { append: true });
  } catch (error) {
    assert(String(error).includes("os error 28"), String(error));
  }
}

/** Runs a function with a directory that cannot be written. */
async function withUnwritable(
  how: "full" | "read-only",
  run: (directory: string) => Promise<void>,
): Promise<void> {
  const at = Deno.makeTempDirSync({ prefix: "state-" });
  await mount("-t", "tmpfs", "-o", "size=16k", "tmpfs", at);
  try {
    if (how === "full") fill(`${at}/filler`);
    else await mount("-o", "remount,ro", at);
    await run(at);
  } finally {
    await new Deno.Command("umount", { args: [at] }).output();
    Deno.removeSync(at);
  }
}

export const JOURNAL_CASES: readonly VmCase[] = UNWRITABLE.map(([how, errno]) => ({
  name: `nothing is tested if the journal cannot be written: on a ${how} file system`,
  async run() {
    const read = ["identity", MTTY_2, "--initial-data", "--settle", "0"];
    const source = JSON.stringify(await knownSourceOf(MTTY_2));
    const before = mdevs();
    await withUnwritable(how, async (state) => {
      const options = ["--settle", "0", "--state", state];
      const why = `the journal in ${state}/journal: kernel answered ${errno}`;
      for (const target of [MTTY_2_IDLE, "mtty-2@mtty"]) {
        const args = ["preflight", "-", target, "--json", "--preflight-create", ...options];
        const { code, stdout, stderr } = await runProgram(args, { stdin: source });
        const { evidence, tests: [{ verdict, reasons: [reason] }] } = JSON.parse(stdout);
        // The vendor's rule still accepts it; the driver was not tested.
        assertEquals([code, evidence], [0, "vendor-rule"], stderr);
        assertEquals([verdict, reason.code], ["unknown", "NotTested"]);
        assert(reason.sentence.includes(`Cannot write ${why}`), reason.sentence);
      }
      const { code, stderr } = await runProgram([...read, ...options]);
      assertEquals(code, 4, `${PROGRAM}: ${stderr}`);
      assert(stderr.includes(`Cannot write ${why}`), stderr);
      assert(!isThere(`${state}/journal/${MTTY_2}.json`));
    });
    assertEquals(mdevs(), before);
  },
}));
