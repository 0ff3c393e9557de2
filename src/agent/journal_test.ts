import { assertEquals, assertThrows } from "@std/assert";
import { Failure } from "../identity/mod.ts";
import { journal, readJournal, strikeEntry } from "./journal.ts";

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

Deno.test("journal() writes a device down until it is struck", () => {
  inFolder((folder) => {
    const written = journal(folder, entry("a"));
    assertEquals(names(folder), ["a true"]);
    written.strike();
    assertEquals(names(folder), []);
  });
});

Deno.test("journal() leaves an entry that is kept, whose writer no longer works on it", () => {
  inFolder((folder) => {
    journal(folder, entry("a")).keep();
    assertEquals(names(folder), ["a false"]);
    strikeEntry(folder, "a");
    assertEquals(names(folder), []);
  });
});

Deno.test("journal() lets one at a time work on a device", () => {
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

Deno.test("journal() refuses where nothing can be written down", () => {
  assertThrows(() => journal(null, entry("a")), Failure, "Cannot write the journal");
  inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    const failure = assertThrows(() => journal(`${folder}/file`, entry("a")), Failure);
    assertEquals(failure.code, "not-permitted");
  });
});

Deno.test("readJournal() strikes what is of another boot, and passes over what is no entry", () => {
  inFolder((folder) => {
    journal(folder, { ...entry("old"), bootId: "boot-0" }).keep();
    journal(folder, entry("now")).keep();
    Deno.writeTextFileSync(`${folder}/journal/cut.json`, '{"device": "cu');
    Deno.writeTextFileSync(
      `${folder}/journal/other.json`,
      JSON.stringify({ ...entry("x"), pid: 1 }),
    );
    assertEquals(names(folder), ["now false"]);
    assertEquals(names(folder, "boot-0"), []);
  });
});
