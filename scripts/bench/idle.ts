import type { Figure } from "./figure.ts";
import { prepareBigServers, type Server, startServer } from "./servers.ts";

/** What comes with the start is over by then. */
const SETTLE_MS = 20_000;
const SECONDS = 60;
const TARGET_PERCENT = 1;

/**
 * The share of a core that a server takes when nobody asks, on a host with 1,000 devices, beside a server of one
 * route in the same minute. `VFIO_ASK_IDLE_SECONDS` measures longer: every five minutes all is read.
 */
export async function benchIdle(): Promise<Figure[]> {
  const seconds = Number(Deno.env.get("VFIO_ASK_IDLE_SECONDS") ?? SECONDS);
  if (!(seconds >= 1)) throw new RangeError("VFIO_ASK_IDLE_SECONDS: expected a number of seconds");
  const { ours, yardstick } = await prepareBigServers("idle-host");
  console.log(`idle: 1,000 devices, ${SETTLE_MS / 1000} s to settle, then ${seconds} s`);
  const share = (server: Server) => measureShare(server, seconds);
  const [own, other] = await Promise.all([share(ours), share(yardstick)]);
  return [{
    name: `idle for ${seconds} s, of a core`,
    unit: "%",
    ours: [own],
    yardstick: [other],
    target: null,
    most: TARGET_PERCENT,
  }];
}

async function measureShare(server: Server, seconds: number): Promise<number> {
  await using running = await startServer(server);
  await wait(SETTLE_MS);
  const [began, before] = [performance.now(), readTicks(running.pid)];
  await wait(seconds * 1000);
  const ticks = readTicks(running.pid) - before;
  return ticks / TICKS_PER_SECOND / ((performance.now() - began) / 1000) * 100;
}

/** Source: USER_HZ of Linux, which is 100 on every architecture that there is a build for. */
const TICKS_PER_SECOND = 100;

/** Source: `utime` and `stime` of `/proc/P/stat`, of threads that have ended too. */
function readTicks(pid: number): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The name, in parentheses, may hold spaces.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ").map(Number);
  return fields[11]! + fields[12]!;
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
