import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { Failure } from "../documents/mod.ts";
import { isOfBinding, journal, readJournal } from "./journal.ts";

const BOOT = "boot-1";
const entry = (device: string) =>
  ({ device, what: "preflight", bootId: BOOT, untilMs: 0 }) as const;

function inFolder(run: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "vfio-ask-test-" });
  try {
    run(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const names = (folder: string, bootId: string | null = BOOT) =>
  readJournal(folder, bootId).map(({ device, alive }) => `${device} ${alive}`);

Deno.test("journal() writes an entry that stays until it is struck", () => {
  inFolder((folder) => {
    const written = journal(folder, entry("a"));
    assertEquals(names(folder), ["a true"]);
    written.strike();
    assertEquals(names(folder), []);
  });
});

Deno.test("journal() leaves a kept entry, which is no longer alive", () => {
  inFolder((folder) => {
    journal(folder, entry("a")).keep();
    assertEquals(names(folder), ["a false"]);
    // The next process takes it over and strikes it.
    const written = journal(folder, { ...entry("a"), untilMs: 7 });
    assertEquals(readJournal(folder, BOOT).map(({ alive, untilMs }) => [alive, untilMs]), [[
      true,
      7,
    ]]);
    written.strike();
    assertEquals(names(folder), []);
  });
});

Deno.test("journal() lets only one process at a time work on a device", () => {
  inFolder((folder) => {
    const written = journal(folder, entry("a"));
    const failure = assertThrows(() => journal(folder, entry("a")), Failure);
    assertEquals(failure.code, "in-use");
    const other = journal(folder, entry("b"));
    assertEquals(names(folder), ["a true", "b true"]);
    written.strike();
    other.strike();
  });
});

Deno.test("journal() throws if nothing can be written", () => {
  assertThrows(() => journal(null, entry("a")), Failure, "Cannot write the journal");
  inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    const failure = assertThrows(() => journal(`${folder}/file`, entry("a")), Failure);
    assertEquals(failure.code, "not-permitted");
  });
});

Deno.test("journal() leaves no new entry on a full disk", () => {
  inFolder((folder) => {
    Deno.mkdirSync(`${folder}/journal`);
    const full = `${folder}/journal/full.json`;
    Deno.symlinkSync("/dev/full", full);
    const failure = assertThrows(() => journal(folder, entry("full")), Failure);
    assertEquals(failure.code, "not-permitted");
    assertStringIncludes(failure.message, "kernel answered ENOSPC");
    assertThrows(() => Deno.lstatSync(full), Deno.errors.NotFound);
  });
});

Deno.test("journal() reports the path and the errno if the state directory is not writable", () => {
  // Not even root can create a directory in /proc.
  const failure = assertThrows(() => journal("/proc", entry("a")), Failure);
  assertEquals([failure.code, failure.subject], ["not-permitted", "/proc/journal"]);
  assertMatch(failure.message, /kernel answered E[A-Z]+$/);
  inFolder((folder) => {
    for (const name of ["a.json", "b.json"]) {
      Deno.mkdirSync(`${folder}/journal/${name}`, { recursive: true });
    }
    assertThrows(() => journal(folder, entry("a")), Failure, "EISDIR");
    // Their content is not known, so their devices do not count as in RUNNING.
    assertEquals(names(folder), ["a false", "b false"]);
  });
});

Deno.test("journal() keeps an entry that cannot be removed, and reports it", () => {
  inFolder((folder) => {
    const written = journal(folder, entry("a"));
    Deno.removeSync(`${folder}/journal/a.json`);
    Deno.mkdirSync(`${folder}/journal/a.json/in`, { recursive: true });
    assertEquals(written.strike().map(({ code, subject }) => [code, subject]), [[
      "not-struck",
      "a",
    ]]);
    assertEquals(names(folder), ["a false"]);
  });
});

Deno.test("readJournal() throws if the journal cannot be listed", () => {
  inFolder((folder) => {
    assertEquals(readJournal(folder, BOOT), []);
    Deno.symlinkSync("journal", `${folder}/journal`);
    const failure = assertThrows(() => readJournal(folder, BOOT), Failure, "ELOOP");
    assertEquals(failure.code, "not-permitted");
  });
});

Deno.test("readJournal() removes entries of another boot, and counts an unreadable file as an entry", () => {
  inFolder((folder) => {
    journal(folder, { ...entry("old"), bootId: "boot-0" }).keep();
    journal(folder, entry("now")).keep();
    Deno.writeTextFileSync(`${folder}/journal/cut.json`, '{"device": "cu');
    Deno.writeTextFileSync(
      `${folder}/journal/other.json`,
      JSON.stringify({ ...entry("x"), pid: 1 }),
    );
    Deno.symlinkSync("loop.json", `${folder}/journal/loop.json`);
    const unread = ["cut false", "loop false", "other false"];
    assertEquals(names(folder).toSorted(), ["now false", ...unread].toSorted());
    assertEquals(names(folder, "boot-0"), unread);
  });
});

Deno.test("journal() takes an entry over in one write, so that there always is one", () => {
  inFolder((folder) => {
    const path = `${folder}/journal/a.json`;
    journal(folder, { ...entry("a"), bound: "1".repeat(200) }).keep();
    const { size } = Deno.statSync(path);
    journal(folder, entry("a")).keep();
    assertEquals(Deno.statSync(path).size, size);
    assertEquals(names(folder), ["a false"]);
  });
});

Deno.test("readJournal() does not take another reader for a process at work", () => {
  inFolder((folder) => {
    journal(folder, entry("a")).keep();
    const reader = Deno.openSync(`${folder}/journal/a.json`, { read: true });
    assert(reader.tryLockSync(false));
    assertEquals(names(folder), ["a false"]);
    reader.close();
  });
});

Deno.test("readJournal() keeps a file that its writer has locked and not written yet", () => {
  inFolder((folder) => {
    Deno.mkdirSync(`${folder}/journal`);
    const path = `${folder}/journal/a.json`;
    const writer = Deno.openSync(path, { create: true, write: true });
    assert(writer.tryLockSync(true));
    assertEquals(names(folder), []);
    assert(Deno.statSync(path).isFile);
    writer.close();
    assertEquals(names(folder), []);
    assertThrows(() => Deno.statSync(path), Deno.errors.NotFound);
  });
});

Deno.test("journal() waits for a reader that locks an entry for a moment", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "vfio-ask-test-" });
  try {
    journal(folder, entry("a")).keep();
    const path = `${folder}/journal/a.json`;
    // Another process locks it, prints a line, and unlocks it after 50 ms.
    const script = `const f = Deno.openSync(${JSON.stringify(path)}, { read: true });
      f.lockSync(false); console.log("locked"); setTimeout(() => f.close(), 50);`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--quiet", script],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    journal(folder, entry("a")).strike();
    assertEquals(names(folder), []);
    await reader.cancel();
    await child.status;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("isOfBinding() distinguishes a device from an earlier one of the same name", () => {
  const of = (bound?: string | null) => ({
    ...entry("a"),
    pid: 1,
    ...(bound === undefined ? {} : { bound }),
  });
  assertEquals([isOfBinding(of("5"), "5"), isOfBinding(of("5"), "6")], [true, false]);
  assertEquals([isOfBinding(of(null), "5"), isOfBinding(of(), null)], [true, true]);
});
