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

/** Runs with a folder that is gone afterwards. */
async function inFolder(run: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "vfio-ask-test-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("loadObservations() gives what was saved in the same boot", async () => {
  await inFolder((folder) => {
    const state = join(folder, "made/as/needed");
    saveObservations(state, someObservations());
    assertEquals(loadObservations(state, BOOT), someObservations());
  });
});

Deno.test("loadObservations() gives nothing of another boot", async () => {
  await inFolder((folder) => {
    saveObservations(folder, someObservations());
    assertEquals(loadObservations(folder, "another"), noObservations("another"));
    assertEquals(loadObservations(folder, null), noObservations(null));
  });
});

Deno.test("loadObservations() gives nothing where it is not known which boot it is", async () => {
  await inFolder((folder) => {
    saveObservations(folder, { ...someObservations(), bootId: null });
    assertEquals(loadObservations(folder, null), noObservations(null));
  });
});

Deno.test("loadObservations() gives nothing out of a file that was cut short, at any place", async () => {
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

Deno.test("loadObservations() gives nothing out of a document that is another or no document", async () => {
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

Deno.test("loadObservations() gives nothing where there is no file and no directory", async () => {
  await inFolder((folder) => {
    assertEquals(loadObservations(folder, BOOT), noObservations(BOOT));
    assertEquals(loadObservations(join(folder, "none"), BOOT), noObservations(BOOT));
    assertEquals(loadObservations(null, BOOT), noObservations(BOOT));
  });
});

Deno.test("saveObservations() leaves one file, which only its owner may read", async () => {
  await inFolder((folder) => {
    const state = join(folder, "state");
    saveObservations(state, someObservations());
    saveObservations(state, noObservations(BOOT));
    assertEquals(Array.from(Deno.readDirSync(state), ({ name }) => name), ["observations.json"]);
    assertEquals(Deno.statSync(state).mode! & 0o777, 0o700);
    assertEquals(Deno.statSync(join(state, "observations.json")).mode! & 0o777, 0o600);
  });
});

Deno.test("saveObservations() replaces the file in one step: whoever has the old one reads it whole", async () => {
  await inFolder(async (folder) => {
    saveObservations(folder, someObservations());
    using old = Deno.openSync(join(folder, "observations.json"));
    saveObservations(folder, noObservations(BOOT));
    const text = await new Response(old.readable).text();
    assertEquals(JSON.parse(text), someObservations());
  });
});

Deno.test("saveObservations() in a directory that cannot be is a failure with a remedy", async () => {
  await inFolder((folder) => {
    Deno.writeTextFileSync(join(folder, "file"), "");
    const state = join(folder, "file/state");
    const failure = assertThrows(() => saveObservations(state, someObservations()), Failure);
    assertEquals([failure.code, failure.subject], ["not-permitted", state]);
    assert(failure.remedy!.includes("--state"), failure.remedy!);
    assert(failure.cause instanceof Error);
  });
});

Deno.test("saveObservations() that could not finish leaves the old file and nothing beside it", async () => {
  await inFolder((folder) => {
    // A directory in its place can be made a file by nobody.
    Deno.mkdirSync(join(folder, "observations.json/kept"), { recursive: true });
    assertThrows(() => saveObservations(folder, someObservations()), Failure);
    const left = Array.from(Deno.readDirSync(folder), ({ name }) => name);
    assertEquals(left, ["observations.json"]);
  });
});

Deno.test("saveObservations() without a state directory does nothing", () => {
  saveObservations(null, someObservations());
});

Deno.test("whileLocked() runs one after the other", async () => {
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

Deno.test("whileLocked() lets the next one in after a failure", async () => {
  await inFolder(async (folder) => {
    await whileLocked(folder, () => Promise.reject(new Error("x"))).catch(() => {});
    assertEquals(await whileLocked(folder, () => Promise.resolve("in")), "in");
  });
});

Deno.test("whileLocked() just runs where there is nothing to lock", async () => {
  const run = () => Promise.resolve("ran");
  assertEquals(await whileLocked(null, run), "ran");
  assertEquals(await whileLocked("/dev/null/state", run), "ran");
});
