import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { mttyOutcome } from "../../tests/fixtures/outcome.ts";
import { Failure, type Outcome } from "../documents/mod.ts";
import { appendOutcomes, LEDGER_LIMITS, ledgerPath, readLedger } from "./ledger_file.ts";

async function withState(
  run: (state: string, path: string) => void | Promise<void>,
): Promise<void> {
  const state = Deno.makeTempDirSync();
  try {
    await run(state, ledgerPath(state));
  } finally {
    Deno.removeSync(state, { recursive: true });
  }
}

/** An outcome of a machine of that name. */
const named = (vm: string) => mttyOutcome({ vm });
const names = (state: string) => readLedger(state).outcomes.map(({ vm }) => vm);

Deno.test("appendOutcomes() adds outcomes that readLedger() gives in order", async () => {
  await withState(async (state, path) => {
    assertEquals(readLedger(state), { outcomes: [], problems: [] });
    await appendOutcomes(state, [named("a")]);
    await appendOutcomes(state, [named("b"), named("c")]);
    assertEquals(readLedger(state), {
      outcomes: [named("a"), named("b"), named("c")],
      problems: [],
    });
    assertEquals(readLedger(state), readLedger(state));
    assertEquals(Deno.statSync(path).mode! & 0o777, 0o640);
  });
});

Deno.test("readLedger() skips a line that was cut off, reports it once, and loses nothing that follows", async () => {
  await withState(async (state, path) => {
    await appendOutcomes(state, [named("a"), named("b")]);
    const { size } = Deno.statSync(path);
    Deno.truncateSync(path, size - 20);
    assertEquals(names(state), ["a"]);
    await appendOutcomes(state, [named("c")]);
    await appendOutcomes(state, [named("d")]);
    const { problems } = readLedger(state);
    assertEquals(names(state), ["a", "c", "d"]);
    assertEquals(problems.map(({ code, subject }) => [code, subject]), [["ledger-damaged", path]]);
    assertEquals(problems[0]!.sentence, `Skipped 1 line that is no outcome in ${path}, line 2`);
  });
});

Deno.test("readLedger() counts a last line without its end", async () => {
  await withState(async (state, path) => {
    await appendOutcomes(state, [named("a")]);
    Deno.truncateSync(path, Deno.statSync(path).size - 1);
    assertEquals(names(state), ["a"]);
    await appendOutcomes(state, [named("b")]);
    assertEquals(names(state), ["a", "b"]);
    assertEquals(readLedger(state).problems, []);
  });
});

Deno.test("readLedger() skips what is no outcome: other JSON, binary, deep and long lines", async () => {
  await withState((state, path) => {
    const lines = [
      "null",
      "[1]",
      JSON.stringify({ ...named("x"), result: "perhaps" }),
      "\u0000\uffff",
      "[".repeat(60_000),
      JSON.stringify(named("y".repeat(600))),
      `{"schema":"${"z".repeat(LEDGER_LIMITS.entryBytes)}"}`,
      JSON.stringify(named("good")),
    ];
    Deno.writeTextFileSync(path, lines.join("\n") + "\n");
    assertEquals(names(state), ["good"]);
    assertEquals(readLedger(state).problems.map(({ sentence }) => sentence), [
      `Skipped 7 lines that are no outcomes in ${path}, the first is line 1`,
    ]);
  });
});

Deno.test("appendOutcomes() keeps the ledger bounded, by entries and by bytes, the newest last", async () => {
  await withState(async (state, path) => {
    const limits = { ...LEDGER_LIMITS, entries: 8 };
    for (let at = 0; at < 30; at++) await appendOutcomes(state, [named(`m${at}`)], limits);
    const kept = names(state);
    assert(kept.length >= 6 && kept.length <= 8, `${kept.length} entries`);
    assertEquals(kept.at(-1), "m29");
    assertEquals(kept, kept.map((_, index) => `m${30 - kept.length + index}`));
    const one = JSON.stringify(named("m0")).length + 1;
    const small = { ...LEDGER_LIMITS, bytes: one * 5 };
    for (let at = 30; at < 50; at++) {
      await appendOutcomes(state, [named(`m${at}`)], small);
      assert(Deno.statSync(path).size <= small.bytes);
    }
    assertEquals(names(state).at(-1), "m49");
    assertEquals(Array.from(Deno.readDirSync(state), ({ name }) => name), ["outcomes.ndjson"]);
  });
});

Deno.test("readLedger() reads only the end of a file that is too large, and the next outcome makes it small", async () => {
  await withState(async (state, path) => {
    const line = `${JSON.stringify(named("old"))}\n`;
    Deno.writeTextFileSync(path, line.repeat(Math.ceil(LEDGER_LIMITS.bytes / line.length) + 10));
    const { outcomes, problems } = readLedger(state);
    assert(outcomes.length > 0 && outcomes.length <= LEDGER_LIMITS.entries);
    assertEquals(problems, []);
    await appendOutcomes(state, [named("new")]);
    assert(Deno.statSync(path).size <= LEDGER_LIMITS.bytes);
    assertEquals(names(state).at(-1), "new");
  });
});

Deno.test("appendOutcomes() makes a file that the group can read, whatever the umask", async () => {
  const before = Deno.umask(0o077);
  try {
    await withState(async (state, path) => {
      const limits = { ...LEDGER_LIMITS, entries: 2 };
      for (const vm of ["a", "b", "c"]) {
        await appendOutcomes(state, [named(vm)], limits);
        assertEquals(Deno.statSync(path).mode! & 0o777, 0o640);
      }
      assertEquals(names(state).at(-1), "c");
    });
  } finally {
    Deno.umask(before);
  }
});

Deno.test("appendOutcomes() of many writers at once loses none", async () => {
  await withState(async (state) => {
    const all = Array.from({ length: 20 }, (_, at) => `m${at}`);
    await Promise.all(all.map((vm) => appendOutcomes(state, [named(vm)])));
    assertEquals(names(state).toSorted(), all.toSorted());
    assertEquals(readLedger(state).problems, []);
  });
});

Deno.test("appendOutcomes() waits until another process has written, also if that one replaced the file", async () => {
  await withState(async (state, path) => {
    await appendOutcomes(state, [named("a")]);
    const other = Deno.openSync(path, { read: true, write: true });
    other.lockSync(true);
    const appended = appendOutcomes(state, [named("c")]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    assertEquals(names(state), ["a"]);
    Deno.writeTextFileSync(`${path}.new`, `${JSON.stringify(named("b"))}\n`);
    Deno.renameSync(`${path}.new`, path);
    other.close();
    await appended;
    assertEquals(names(state), ["b", "c"]);
  });
});

Deno.test("appendOutcomes() refuses an outcome that is too long, and writes none of the others", async () => {
  await withState(async (state, path) => {
    const facts = { much: "x".repeat(LEDGER_LIMITS.entryBytes) };
    const outcome = mttyOutcome();
    const long: Outcome = { ...outcome, source: { ...outcome.source, facts } };
    const error = await assertRejects(() => appendOutcomes(state, [outcome, long]), Failure);
    assertEquals(error.code, "bad-input");
    assertEquals(Array.from(Deno.readDirSync(state)), []);
    assertEquals(readLedger(state).outcomes, []);
    assertEquals(path, join(state, "outcomes.ndjson"));
  });
});

Deno.test("readLedger() and appendOutcomes() report a path that is no regular file", async () => {
  await withState(async (state, path) => {
    Deno.mkdirSync(path);
    const { outcomes, problems } = readLedger(state);
    assertEquals([outcomes, problems.length], [[], 1]);
    const error = await assertRejects(() => appendOutcomes(state, [named("a")]), Failure);
    assertEquals(error.message.includes("it is not a regular file"), true);
  });
  assertEquals(readLedger(null), { outcomes: [], problems: [] });
  await assertRejects(() => appendOutcomes(null, [named("a")]), Failure);
  const file = Deno.makeTempFileSync();
  assertEquals(readLedger(file), { outcomes: [], problems: [] });
  await assertRejects(() => appendOutcomes(file, [named("a")]), Failure);
  Deno.removeSync(file);
});
