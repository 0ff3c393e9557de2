import { assertEquals } from "@std/assert";
import { followArrival, type MachineState, parseMachineState } from "./follow.ts";

const STATES: readonly (readonly [text: string, state: MachineState])[] = [
  ["running (migrated)", "runs"],
  ["running (booted)", "runs"],
  ["running (post-copy)", "coming"],
  ["paused (migrating)", "coming"],
  ["paused (starting up)", "coming"],
  ["paused (post-copy failed)", "coming"],
  ["paused (user)", "runs"],
  ["shut off (migrated)", "none"],
  ["shut off", "none"],
  ["in shutdown", "coming"],
  ["", "unknown"],
];

for (const [text, state] of STATES) {
  Deno.test(`parseMachineState() reads ${JSON.stringify(text)}`, () => {
    assertEquals(parseMachineState(text), state);
  });
}

/** Follows a machine whose states come one after the other; the last one stays. */
function follow(states: readonly MachineState[], open: () => boolean = () => true) {
  let nowMs = 0;
  let at = 0;
  return followArrival({
    isOpen: () => Promise.resolve(open()),
    readState: () => Promise.resolve(states[Math.min(at++, states.length - 1)]!),
    nowMs: () => nowMs,
    sleep: (ms) => Promise.resolve(void (nowMs += ms)),
  });
}

Deno.test("followArrival() waits until the machine runs", async () => {
  assertEquals(await follow(["none", "coming", "unknown", "coming", "runs"]), "ok");
});

Deno.test("followArrival() gives up a machine that never appears, or has gone", async () => {
  assertEquals(await follow(["none"]), "gone");
  assertEquals(await follow(["none", "coming", "none"]), "gone");
  assertEquals(await follow(["unknown"]), "gone");
});

Deno.test("followArrival() ends when somebody else has ended the record", async () => {
  let left = 3;
  assertEquals(await follow(["coming"], () => left-- > 0), null);
});
