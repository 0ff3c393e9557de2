import type { Figure } from "./figure.ts";
import { prepareBigServers, type Server, startServer } from "./servers.ts";

/** The work after the start is done by then. */
const SETTLE_MS = 20_000;
const SECONDS = 60;
const TARGET_PERCENT = 1;

/**
 * The share of a core that an idle server takes on a host with 1,000 devices. The yardstick is a server of one route in
 * the same minute. `VFIO_ASK_IDLE_SECONDS` measures longer: the server reads everything every five minutes.
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

/** Source: USER_HZ of Linux, which is 100 on every supported architecture. */
const TICKS_PER_SECOND = 100;

/** Source: `utime` and `stime` of `/proc/P/stat`, which include ended threads. */
function readTicks(pid: number): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The name in parentheses may contain spaces.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ").map(Number);
  return fields[11]! + fields[12]!;
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
