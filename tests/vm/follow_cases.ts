/** A server follows the host by the kernel's events. */
import { assert, assertEquals } from "@std/assert";
import type { VmCase } from "./case.ts";
import { makeMdev, MTTY_2, removeMdev, VFS } from "./machine.ts";
import { followEvents, isAdded, isRemoved } from "./event_stream.ts";
import { call, startServer } from "./server.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

/** The server looks at the host only after events, and every five seconds while a client follows it. */
const OPTIONS = () => [
  ...["--refresh", "86400", "--probe", "never"],
  ...["--state", Deno.makeTempDirSync({ prefix: "state-" })],
];
/** A followed server looks this often without events. Changes that are closer together come from events. */
const POLL_MS = 5_000;

/** The number of mdevs to create and remove one after the other, and at once. */
const TURNS = 10;
const BURST = 16;

/** How long it takes until something is done, in milliseconds. */
async function measure(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}

/** Prints the figures. */
function print(what: string, samples: readonly number[]): void {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]!.toFixed(0);
  console.log(`${what}: median ${at(0.5)} ms, most ${at(1)} ms of ${samples.length}`);
}

/** Checks that some looks were closer together than those without events. */
function checkEvents(takenAt: readonly number[]): void {
  const gaps = takenAt.slice(1).map((ms, i) => ms - takenAt[i]!);
  assert(gaps.some((ms) => ms < POLL_MS * 0.9), `changes are ${gaps.join(", ")} ms apart`);
}

export const FOLLOW_CASES: readonly VmCase[] = [
  {
    name: "serve follows mdevs by events, and reports what changed",
    sample: true,
    async run() {
      await using server = await startServer(...OPTIONS());
      await using stream = await followEvents(server);
      assertEquals((await stream.next()).event, "reset");
      const [added, removed]: [number[], number[]] = [[], []];
      for (let turn = 0; turn < TURNS; turn++) {
        const id = crypto.randomUUID();
        added.push(
          await measure(() => {
            makeMdev(turn % 2 === 0 ? "mtty-1" : "mtty-2", "mtty", id);
            return stream.until(isAdded(id));
          }),
        );
        removed.push(
          await measure(() => {
            removeMdev(id);
            return stream.until(isRemoved(id));
          }),
        );
      }
      print("from create to the event", added);
      print("from remove to the event", removed);
      checkEvents(stream.takenAt);
      assertEquals(await server.stop(), 0);
    },
  },
  {
    name: "serve reports the free instances of a type with each mdev, and goes on after a break",
    async run() {
      await using server = await startServer(...OPTIONS());
      const available = (count: number) => ({ types }: Json) =>
        types.changed.some(({ type, instances }: Json) =>
          type === "mtty-1" && instances.length === count
        );
      const before: Json = (await call(`${server.url}/v1/types`)).json().types
        .find(({ type }: Json) => type === "mtty-1");
      let last: string;
      const id = makeMdev("mtty-1");
      {
        await using stream = await followEvents(server);
        // The reset may be newer than the mdev.
        const other = makeMdev("mtty-1");
        await stream.until(available(before.instances.length + 2));
        removeMdev(other);
        last = await stream.until(available(before.instances.length + 1));
      }
      removeMdev(id);
      await using stream = await followEvents(server, { "last-event-id": last });
      const { event, data } = await stream.next();
      assertEquals(event, "changes");
      assert(isRemoved(id)(data) || available(before.instances.length)(data), JSON.stringify(data));
      assertEquals(await server.stop(), 0);
    },
  },
  {
    name: "serve follows a function that is unbound and bound again",
    async run() {
      const [vf] = VFS;
      const write = (name: string, isIt: (changes: Json) => boolean) =>
        measure(() => {
          Deno.writeTextFileSync(`/sys/bus/pci/drivers/vfio-pci/${name}`, vf!);
          return stream.until(isIt);
        });
      await using server = await startServer(...OPTIONS());
      await using stream = await followEvents(server);
      await stream.next();
      const samples: number[] = [];
      for (let turn = 0; turn < 3; turn++) {
        samples.push(await write("unbind", isRemoved(vf!)));
        samples.push(await write("bind", isAdded(vf!)));
      }
      print("from a rebind to the event", samples);
      checkEvents(stream.takenAt);
      const { devices } = (await call(`${server.url}/v1/devices`)).json();
      assert(devices.some(({ id }: Json) => id === vf));
      assertEquals(await server.stop(), 0);
    },
  },
  {
    name: "serve follows a burst of mdevs while it answers",
    async run() {
      await using server = await startServer(...OPTIONS());
      await using stream = await followEvents(server);
      await stream.next();
      const made = Array.from({ length: BURST }, () => crypto.randomUUID());
      const left = new Set(made);
      const areAdded = (changes: Json) => {
        for (const { id } of changes.devices.added) left.delete(id);
        return left.size === 0;
      };
      const answered: number[] = [];
      const burstMs = await measure(async () => {
        for (const id of made) makeMdev("mtty-1", "mtty", id);
        const seen = stream.until(areAdded);
        for (let turn = 0; turn < 5; turn++) {
          const healthy = async () =>
            assertEquals((await call(`${server.url}/healthz`)).status, 200);
          answered.push(await measure(healthy));
        }
        await seen;
      });
      print(`from the first of ${BURST} creates to the last event`, [burstMs]);
      print("answers meanwhile", answered);
      for (const id of made) removeMdev(id);
      const { devices } = (await call(`${server.url}/v1/devices`)).json();
      const names = devices.map(({ id }: Json) => id);
      assertEquals([names.includes(MTTY_2), made.some((id) => names.includes(id))], [true, false]);
      assertEquals(await server.stop(), 0);
    },
  },
];
