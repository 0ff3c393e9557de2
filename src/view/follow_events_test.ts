import { assert, assertEquals } from "@std/assert";
import { until } from "../../tests/fixtures/fake_worker.ts";
import { plantEventfulHost } from "../../tests/fixtures/planted_host.ts";
import { followEvents } from "./follow_events.ts";

/** Follows events. Each look takes until the test releases it, and then succeeds or fails. */
function follow() {
  const host = plantEventfulHost();
  const looks: (string[] | null)[] = [];
  const errors: unknown[] = [];
  let release: (error?: Error) => void = () => {};
  const following = followEvents(host.openEvents(), {
    lookAt: (changed) =>
      new Promise<void>((resolve, reject) => {
        looks.push(changed === null ? null : [...changed]);
        release = (error) => error === undefined ? resolve() : reject(error);
      }),
    usedMs: () => 0,
    onEnd: (error) => errors.push(error),
  });
  return {
    report: host.report,
    calls: host.calls,
    looks,
    errors,
    /** Waits for the next look and ends it. */
    async look(number: number, error?: Error) {
      await until(`look ${number} begins`, () => looks.length >= number);
      release(error);
    },
    async [Symbol.asyncDispose]() {
      await following[Symbol.asyncDispose]();
      host[Symbol.dispose]();
    },
  };
}

Deno.test("followEvents() looks once at changes that come together", async () => {
  await using following = follow();
  following.report("/devices/a");
  following.report("/devices/a", "/devices/b");
  await following.look(1);
  assertEquals(following.looks, [["/devices/a", "/devices/b"]]);
});

Deno.test("followEvents() looks again after changes that come during a look", async () => {
  await using following = follow();
  following.report("/devices/a");
  await until("a look runs", () => following.looks.length === 1);
  following.report("/devices/b");
  following.report("/devices/c");
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(following.looks.length, 1);
  await following.look(1);
  await following.look(2);
  assertEquals(following.looks[1], ["/devices/b", "/devices/c"]);
});

Deno.test("followEvents() looks at everything after lost events, too many, and a failed look", async () => {
  await using following = follow();
  const { report, calls, looks } = following;
  report("/devices/a");
  calls.fail("ENOBUFS");
  await following.look(1);
  report(...Array.from({ length: 5000 }, (_, i) => `/devices/${i}`));
  await following.look(2);
  report("/devices/a");
  await following.look(3, new Error("out of memory"));
  await following.look(4);
  assertEquals(looks, [null, null, ["/devices/a"], null]);
});

Deno.test("followEvents() reports that no more events come", async () => {
  await using following = follow();
  following.calls.fail("EBADF");
  await until("it is reported", () => following.errors.length === 1);
});

Deno.test("followEvents() looks no more when it is disposed of", async () => {
  const following = follow();
  following.report("/devices/a");
  await following[Symbol.asyncDispose]();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert(following.looks.length === 0);
});
