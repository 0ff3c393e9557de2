import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { capabilities } from "../../tests/fixtures/capabilities.ts";
import { Failure } from "../documents/mod.ts";
import {
  loadObservations,
  noObservations,
  type Observations,
  saveObservations,
  whileLocked,
} from "./observations.ts";

const BOOT = "9f0f1c52-0f6f-4d7e-9c0e-52c1a2b7a3f1";

function someObservations(): Observations {
  return { ...noObservations(BOOT), byDevice: { "0000:41:00.1": capabilities("0000:41:00.1") } };
}

/** Runs a test in a temporary folder. */
async function inFolder(run: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "vfio-ask-test-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("loadObservations() returns what was saved in the same boot", async () => {
  await inFolder((folder) => {
    const state = join(folder, "made/as/needed");
    saveObservations(state, someObservations());
    assertEquals(loadObservations(state, BOOT), someObservations());
  });
});

Deno.test("loadObservations() returns nothing from another boot", async () => {
  await inFolder((folder) => {
    saveObservations(folder, someObservations());
    assertEquals(loadObservations(folder, "another"), noObservations("another"));
    assertEquals(loadObservations(folder, null), noObservations(null));
  });
});

Deno.test("loadObservations() returns nothing if the boot is not known", async () => {
  await inFolder((folder) => {
    saveObservations(folder, { ...someObservations(), bootId: null });
    assertEquals(loadObservations(folder, null), noObservations(null));
  });
});

Deno.test("loadObservations() returns nothing from a truncated file, for any length", async () => {
  await inFolder((folder) => {
    saveObservations(folder, someObservations());
    const file = join(folder, "observations.json");
    const text = Deno.readTextFileSync(file);
    for (let length = 0; length < text.length; length += 37) {
      Deno.writeTextFileSync(file, text.slice(0, length));
      assertEquals(loadObservations(folder, BOOT), noObservations(BOOT), `cut at ${length}`);
    }
  });
});

Deno.test("loadObservations() returns nothing from a document of another kind or from invalid JSON", async () => {
  await inFolder((folder) => {
    const file = join(folder, "observations.json");
    const newer = { ...someObservations(), schema: "vfio-ask/observations/v2" };
    const wrong = { ...someObservations(), byDevice: { a: { device: 17 } } };
    for (const document of [newer, wrong, null, [], "text"]) {
      Deno.writeTextFileSync(file, JSON.stringify(document));
      assertEquals(loadObservations(folder, BOOT), noObservations(BOOT));
    }
  });
});

Deno.test("loadObservations() returns nothing without a file or a directory", async () => {
  await inFolder((folder) => {
    assertEquals(loadObservations(folder, BOOT), noObservations(BOOT));
    assertEquals(loadObservations(join(folder, "none"), BOOT), noObservations(BOOT));
    assertEquals(loadObservations(null, BOOT), noObservations(BOOT));
  });
});

Deno.test("saveObservations() writes one file that only its owner may write, and its group read", async () => {
  await inFolder((folder) => {
    const state = join(folder, "state");
    saveObservations(state, someObservations());
    saveObservations(state, noObservations(BOOT));
    assertEquals(Array.from(Deno.readDirSync(state), ({ name }) => name), ["observations.json"]);
    assertEquals(Deno.statSync(state).mode! & 0o777, 0o750);
    assertEquals(Deno.statSync(join(state, "observations.json")).mode! & 0o777, 0o640);
  });
});

Deno.test("saveObservations() replaces the file atomically: an open old file stays complete", async () => {
  await inFolder(async (folder) => {
    saveObservations(folder, someObservations());
    using old = Deno.openSync(join(folder, "observations.json"));
    saveObservations(folder, noObservations(BOOT));
    const text = await new Response(old.readable).text();
    assertEquals(JSON.parse(text), someObservations());
  });
});

Deno.test("saveObservations() throws a failure with a remedy if the directory cannot be created", async () => {
  await inFolder((folder) => {
    Deno.writeTextFileSync(join(folder, "file"), "");
    const state = join(folder, "file/state");
    const failure = assertThrows(() => saveObservations(state, someObservations()), Failure);
    assertEquals([failure.code, failure.subject], ["not-permitted", state]);
    assert(failure.remedy!.includes("--state"), failure.remedy!);
    assert(failure.cause instanceof Error);
  });
});

Deno.test("saveObservations() leaves no temporary file after a failure", async () => {
  await inFolder((folder) => {
    // Not even root can rename a file over a directory.
    Deno.mkdirSync(join(folder, "observations.json/kept"), { recursive: true });
    assertThrows(() => saveObservations(folder, someObservations()), Failure);
    const left = Array.from(Deno.readDirSync(folder), ({ name }) => name);
    assertEquals(left, ["observations.json"]);
  });
});

Deno.test("saveObservations() without a state directory does nothing", () => {
  saveObservations(null, someObservations());
});

Deno.test("whileLocked() runs one caller after the other", async () => {
  await inFolder(async (folder) => {
    const events: string[] = [];
    const run = (name: string) =>
      whileLocked(folder, async () => {
        events.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        events.push(`${name} ends`);
      });
    await Promise.all([run("a"), run("b")]);
    const [first] = events[0]!.split(" ");
    const second = first === "a" ? "b" : "a";
    assertEquals(events, [first, second].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });
});

Deno.test("whileLocked() lets the next caller run after a failure", async () => {
  await inFolder(async (folder) => {
    await whileLocked(folder, () => Promise.reject(new Error("x"))).catch(() => {});
    assertEquals(await whileLocked(folder, () => Promise.resolve("in")), "in");
  });
});

Deno.test("whileLocked() runs without a lock if there is no directory", async () => {
  const run = () => Promise.resolve("ran");
  assertEquals(await whileLocked(null, run), "ran");
  assertEquals(await whileLocked("/dev/null/state", run), "ran");
});
