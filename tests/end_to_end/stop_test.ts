import { assert, assertEquals } from "@std/assert";
import { openDatagramSocket } from "../fixtures/datagram_socket.ts";
import { until } from "../fixtures/fake_worker.ts";
import { askUnix, json, openWorkplace, startServer } from "./program.ts";

/** Longer than the server may take to stop, and as long as a slow machine needs. */
const LIMIT_MS = 30_000;

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The processes whose parent is this one. */
function childrenOf(pid: number): number[] {
  const numbers = Array.from(Deno.readDirSync("/proc"), ({ name }) => Number(name));
  return numbers.filter((number) => {
    if (!(number > 0)) return false;
    try {
      const stat = Deno.readTextFileSync(`/proc/${number}/stat`);
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === pid;
    } catch {
      return false;
    }
  });
}

async function within<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the server did not stop in time")), LIMIT_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal} ends serve with exit code 0 and nothing left behind`, async () => {
    await using place = await openWorkplace();
    const path = `${place.folder}/ask.sock`;
    const args = ["--listen", "127.0.0.1:0", "--unix", path];
    await using server = await startServer(place, { args });
    await json(await fetch(`${server.base}/healthz`));
    assertEquals([exists(path), place.leftovers().length], [true, 1]);
    const children = childrenOf(server.pid);
    const { code, signal: by } = await within(server.stop(signal));
    assertEquals([code, by], [0, null]);
    assertEquals([exists(path), place.leftovers()], [false, []]);
    assertEquals(children.filter((pid) => exists(`/proc/${pid}`)), []);
  });
}

Deno.test("SIGTERM right after the start ends serve just as well", async () => {
  await using place = await openWorkplace();
  await using server = await startServer(place);
  const { code } = await within(server.stop());
  assertEquals([code, place.leftovers()], [0, []]);
});

Deno.test("SIGTERM does not wait for connections that are idle or never finish a request", async () => {
  await using place = await openWorkplace();
  const path = `${place.folder}/ask.sock`;
  await using server = await startServer(place, { args: ["--listen", "none", "--unix", path] });
  using idle = await Deno.connect({ transport: "unix", path });
  using half = await Deno.connect({ transport: "unix", path });
  const head = "POST /v1/ask HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{";
  await half.write(new TextEncoder().encode(head));
  assertEquals((await askUnix(path, { target: "/healthz" })).status, 200);
  const { code } = await within(server.stop());
  assertEquals([code, exists(path)], [0, false]);
  void idle;
});

Deno.test("a socket that a killed server left behind is replaced", async () => {
  await using place = await openWorkplace();
  const path = `${place.folder}/ask.sock`;
  const args = ["--listen", "none", "--unix", path];
  {
    await using killed = await startServer(place, { args });
    await killed.stop("SIGKILL");
  }
  assert(exists(path));
  await using server = await startServer(place, { args });
  assertEquals((await askUnix(path, { target: "/healthz" })).status, 200);
  assertEquals((await within(server.stop())).code, 0);
  assertEquals(exists(path), false);
});

Deno.test("serve notifies a service manager that it is ready, that it lives, and that it stops", async () => {
  await using place = await openWorkplace();
  using manager = openDatagramSocket(`${place.folder}/notify`);
  const extra = { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: "300000" };
  await using server = await startServer(place, { extra });
  const messages: string[] = [];
  const told = (word: string) => {
    messages.push(...manager.receive());
    return messages.some((message) => message.split("\n").includes(word));
  };
  await until("it says that it is ready", () => told("READY=1"));
  const ready = messages.find((message) => message.startsWith("READY=1"))!;
  assert(ready.includes(server.base) && ready.includes("9 devices"), ready);
  messages.length = 0;
  await until("it feeds the watchdog", () => told("WATCHDOG=1"));
  assertEquals(told("STOPPING=1"), false);
  await within(server.stop());
  assert(told("STOPPING=1"));
});
