import { assert, assertEquals } from "@std/assert";
import { takeTurns } from "./turns.ts";

Deno.test("takeTurns() yields between two stretches", async () => {
  const turns = takeTurns(0);
  let turn = false;
  const timer = setTimeout(() => turn = true, 0);
  await turns.pause();
  await turns.pause();
  clearTimeout(timer);
  assert(turn);
});

Deno.test("takeTurns() does not yield before a stretch is over", async () => {
  const turns = takeTurns(Infinity);
  let turn = false;
  const timer = setTimeout(() => turn = true, 0);
  for (let piece = 0; piece < 1000; piece++) await turns.pause();
  clearTimeout(timer);
  assertEquals(turn, false);
});

Deno.test("takeTurns() does not count time spent waiting", async () => {
  const turns = takeTurns();
  const before = performance.now();
  await turns.waitFor(new Promise((resolve) => setTimeout(resolve, 50)));
  assert(turns.usedMs() <= performance.now() - before - 40);
  await turns.waitFor(Promise.reject(new Error("gone"))).catch(() => {});
});
