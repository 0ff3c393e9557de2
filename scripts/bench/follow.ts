import type { Figure } from "./figure.ts";
import { readProcessorMs } from "./processor.ts";
import { prepareBigServers, type Running, type Server, startServer } from "./servers.ts";

/** A device of this machine on a bus that the server follows. A write makes the kernel send an event again. */
const TRIGGER = "/sys/bus/platform/devices";
const EVENTS = 1_000;
const STORM_MS = 10_000;
const PAUSE_MS = 3;
const TARGET_MS = 100;

/**
 * A server on a host with 1,000 devices during a storm of kernel events: its slowest answer of `/healthz`, and its share
 * of a core. Then the processor time that it takes for one burst of 1,000 events. The yardstick is a server of one route
 * during the same storm. Needs root, for events of this machine.
 */
export async function benchFollow(): Promise<Figure[]> {
  const trigger = findTrigger();
  if (trigger === null) {
    console.log("follow: skipped, because no event of this machine can be sent");
    return [];
  }
  const { ours, yardstick } = await prepareBigServers("follow-host");
  console.log(`follow: bursts of ${EVENTS} events for ${STORM_MS / 1000} s`);
  const [own, other] = [await measure(ours, trigger), await measure(yardstick, trigger)];
  return [
    {
      name: "storm of events, slowest answer",
      unit: "ms",
      ours: [own.slowestMs],
      yardstick: [other.slowestMs],
      target: null,
      most: TARGET_MS,
    },
    {
      name: "storm of events, of a core",
      unit: "%",
      ours: [own.percent],
      yardstick: [other.percent],
      target: null,
    },
    {
      name: `work after ${EVENTS} events`,
      unit: "ms",
      ours: [own.burstMs],
      yardstick: [other.burstMs],
      target: null,
    },
  ];
}

/** The file of a device that sends events when it is written; null without one, or without permission. */
function findTrigger(): string | null {
  for (const { name } of Deno.readDirSync(TRIGGER)) {
    const path = `${TRIGGER}/${name}/uevent`;
    try {
      Deno.openSync(path, { write: true }).close();
      return path;
    } catch {
      // The next one.
    }
  }
  return null;
}

async function measure(
  server: Server,
  trigger: string,
): Promise<{ slowestMs: number; percent: number; burstMs: number }> {
  await using running = await startServer(server);
  const { pid } = running;
  // The first bursts compile what the server is made of.
  for (let turn = 0; turn < 20; turn++) {
    sendEvents(trigger, 10);
    await wait(200);
  }
  const [began, before] = [performance.now(), readProcessorMs(pid)];
  const storm = (async () => {
    while (performance.now() - began < STORM_MS) {
      sendEvents(trigger, EVENTS / 10);
      await wait(0);
    }
  })();
  const slowestMs = await measureSlowest(running, began + STORM_MS);
  await storm;
  const percent = (readProcessorMs(pid) - before) / (performance.now() - began) * 100;
  await wait(2_000);
  const quiet = readProcessorMs(pid);
  sendEvents(trigger, EVENTS);
  await wait(2_000);
  return { slowestMs, percent, burstMs: readProcessorMs(pid) - quiet };
}

async function measureSlowest(running: Running, untilMs: number): Promise<number> {
  let longest = 0;
  for (let last = performance.now(); last < untilMs;) {
    await wait(PAUSE_MS);
    const asked = performance.now();
    await running.ask("/healthz");
    last = performance.now();
    longest = Math.max(longest, last - asked);
  }
  return longest;
}

function sendEvents(trigger: string, count: number): void {
  for (let i = 0; i < count; i++) Deno.writeTextFileSync(trigger, "change");
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
