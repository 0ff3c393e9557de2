import { assertEquals, assertRejects } from "@std/assert";
import { oncePerTurn } from "./once_per_turn.ts";

const turn = () => new Promise((resolve) => setTimeout(resolve, 2));

Deno.test("oncePerTurn() calls once per turn", async () => {
  let asked = 0;
  const ask = oncePerTurn(() => Promise.resolve(++asked));
  assertEquals(await Promise.all([ask(), ask(), ask()]), [1, 1, 1]);
  await turn();
  assertEquals(await Promise.all([ask(), ask()]), [2, 2]);
  await turn();
});

Deno.test("oncePerTurn() passes a failure to all callers of a turn, and calls again in the next", async () => {
  let isBroken = true;
  const ask = oncePerTurn(() =>
    isBroken ? Promise.reject(new Error("broken")) : Promise.resolve(1)
  );
  for (const asked of [ask(), ask()]) await assertRejects(() => asked, Error, "broken");
  await turn();
  isBroken = false;
  assertEquals(await ask(), 1);
  await turn();
});
