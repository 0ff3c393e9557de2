import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fakeProbe, type Habit, isRunning, startedIn } from "../../tests/fixtures/fake_probe.ts";
import { Failure } from "../identity/mod.ts";
import { probeInChild } from "./probe_child.ts";

/** How long a child may be silent at a device: what an ordinary answer never takes. */
const DEADLINE_MS = 4_000;

/**
 * Asks devices of a child with habits; gives `device outcome` of each, who was started, and whether it all
 * came to an end only because every process was killed after a long time.
 */
async function ask(
  devices: readonly string[],
  habits: Readonly<Record<string, Habit>>,
  { reachMs, ...options }: { chunk?: number; reachMs?: number } = {},
) {
  const folder = await Deno.makeTempDir({ prefix: "vfio-ask-test-" });
  const started: number[] = [];
  const ended: number[] = [];
  const killAll = () => {
    for (const pid of startedIn(folder)) if (isRunning(pid)) Deno.kill(pid, "SIGKILL");
  };
  let rescued = false;
  const rescue = setTimeout(() => {
    rescued = true;
    killAll();
  }, 4 * DEADLINE_MS);
  try {
    const lines: string[] = [];
    const sentences: string[] = [];
    const results = probeInChild(fakeProbe({ habits, folder, ...options }), devices, {
      deadlineMs: DEADLINE_MS,
      ...(reachMs === undefined ? {} : { reachMs }),
      listener: { started: (pid) => started.push(pid), ended: (pid) => ended.push(pid) },
    });
    for await (const { device, outcome, sentence } of results) {
      lines.push(`${device} ${outcome}`);
      sentences.push(sentence);
    }
    return { lines, sentences, started, ended, rescued };
  } finally {
    clearTimeout(rescue);
    killAll();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("probeInChild() asks all devices in one child, in their order", async () => {
  const { lines, started, ended } = await ask(["b", "a", "c"], {});
  assertEquals(lines, ["b answered", "a answered", "c answered"]);
  assertEquals([started.length, ended], [1, started]);
});

Deno.test("probeInChild() of no device starts nothing", async () => {
  const { lines, started } = await ask([], {});
  assertEquals([lines, started], [[], []]);
});

Deno.test("probeInChild() puts answers together that come in odd chunks", async () => {
  const devices = ["first", "zweites-gerät", "third"];
  const { lines } = await ask(devices, {}, { chunk: 97 });
  assertEquals(lines, devices.map((device) => `${device} answered`));
});

Deno.test("probeInChild() kills a child that hangs and asks the rest in another", async () => {
  const { lines, sentences, started, ended } = await ask(["a", "b", "c"], { b: "hang" });
  assertEquals(lines, ["a answered", "b stuck", "c answered"]);
  assertStringIncludes(sentences[1]!, `b did not answer within ${DEADLINE_MS} ms`);
  assertEquals([started.length, ended], [2, started]);
  assertEquals(started.filter(isRunning), []);
});

Deno.test("probeInChild() does not call a device stuck that its child never came to", async () => {
  const { lines, sentences } = await ask(["a", "b"], { a: "late" }, { reachMs: DEADLINE_MS });
  assertEquals(lines, ["a failed", "b answered"]);
  assertStringIncludes(sentences[0]!, "a was not asked");
});

Deno.test("probeInChild() goes on after a child that died, with the device it was at failed", async () => {
  const { lines, sentences, started } = await ask(["a", "b", "c"], { b: "die" });
  assertEquals(lines, ["a answered", "b failed", "c answered"]);
  assertEquals([sentences[1], started.length], ["The process that asked b died", 2]);
});

Deno.test("probeInChild() of devices that each kill their child ends", async () => {
  const { lines, started } = await ask(["a", "b"], { a: "die", b: "die" });
  assertEquals([lines, started.length], [["a failed", "b failed"], 2]);
});

Deno.test("probeInChild() ends a child that has answered and does not end", async () => {
  const { lines, started } = await ask(["a"], { a: "linger" });
  assertEquals(lines, ["a answered"]);
  assertEquals(started.filter(isRunning), []);
});

Deno.test("probeInChild() does not wait for whoever else holds the pipe of a killed child", async () => {
  // So it is too with a child that sits in the kernel and cannot be killed.
  const { lines, rescued } = await ask(["a", "b"], { a: "orphan" });
  assertEquals([lines, rescued], [["a stuck", "b answered"], false]);
});

Deno.test("probeInChild() keeps the answers that came before something that is none", async () => {
  const { lines } = await ask(["a", "b", "c"], { b: "garbage" });
  assertEquals(lines, ["a answered", "b failed", "c answered"]);
});

Deno.test("probeInChild() leaves no process behind when its reader stops early", async () => {
  const folder = await Deno.makeTempDir({ prefix: "vfio-ask-test-" });
  try {
    const command = fakeProbe({ habits: { b: "hang" }, folder });
    for await (const { device } of probeInChild(command, ["a", "b"], { deadlineMs: 60_000 })) {
      assertEquals(device, "a");
      break;
    }
    const started = startedIn(folder);
    assert(started.length === 1);
    assertEquals(started.filter(isRunning), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("probeInChild() of a program that is not there is a failure that names it", async () => {
  const results = probeInChild(["/nowhere/vfio-ask", "probe"], ["a"], { deadlineMs: 60_000 });
  await assertRejects(() => results.next(), Failure, "/nowhere/vfio-ask");
});
