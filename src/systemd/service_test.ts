import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type DatagramSocket, openDatagramSocket } from "../../tests/fixtures/datagram_socket.ts";
import { until } from "../../tests/fixtures/fake_worker.ts";
import { recordLog } from "../../tests/fixtures/log.ts";
import { openService, type Service } from "./service.ts";

/** Runs with the socket of a service manager. */
async function withManager(run: (manager: DatagramSocket) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "vfio-ask-test-" });
  try {
    using manager = openDatagramSocket(`${folder}/notify`);
    await run(manager);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function open(env: Record<string, string>, lines: string[] = [], status = () => "Fine"): Service {
  return openService({ env: (name) => env[name], log: recordLog(lines), status });
}

Deno.test("openService() reports ready, reloading and stopping, in one datagram each", async () => {
  await withManager((manager) => {
    using service = open({ NOTIFY_SOCKET: manager.path });
    service.ready();
    service.reloading();
    service.ready();
    service.stopping();
    const [ready, reloading, ...rest] = manager.receive();
    assertEquals(ready, "READY=1\nSTATUS=Fine");
    assertMatch(reloading!, /^RELOADING=1\nMONOTONIC_USEC=\d+$/);
    // The status has not changed.
    assertEquals(rest, ["READY=1", "STOPPING=1\nSTATUS=Stopping"]);
  });
});

Deno.test("openService() sends the status when it has changed, with the watchdog's notification", async () => {
  await withManager(async (manager) => {
    let devices = 1;
    const env = { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: "30000" };
    using service = open(env, [], () => `${devices} devices\nREADY=1`);
    const messages: string[] = [];
    const received = (text: string) => {
      messages.push(...manager.receive());
      return messages.includes(text);
    };
    await until("the watchdog is fed before the service is ready", () => received("WATCHDOG=1"));
    assertEquals(new Set(messages), new Set(["WATCHDOG=1"]));
    service.ready();
    devices = 2;
    const changed = "WATCHDOG=1\nSTATUS=2 devices\\u000aREADY=1";
    await until("the status is sent", () => received(changed));
    messages.length = 0;
    await until("the watchdog is fed again", () => received("WATCHDOG=1"));
    assertEquals(messages.includes(changed), false);
  });
});

Deno.test("openService() feeds the watchdog while it is open", async () => {
  await withManager(async (manager) => {
    const env = { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: "30000" };
    const messages: string[] = [];
    const fed = () => messages.push(...manager.receive()) > 0;
    {
      using _ = open(env);
      await until("the watchdog is fed", fed);
      messages.length = 0;
      await until("it is fed again", fed);
    }
    assertEquals(new Set(messages), new Set(["WATCHDOG=1"]));
    manager.receive();
    await new Promise((resolve) => setTimeout(resolve, 50));
    assertEquals(manager.receive(), []);
  });
});

Deno.test("openService() ignores a missing watchdog and another process's", async () => {
  await withManager(async (manager) => {
    const watchdogs = [{}, { WATCHDOG_USEC: "0" }, { WATCHDOG_USEC: "3000", WATCHDOG_PID: "1" }];
    for (const watchdog of watchdogs) {
      using _ = open({ NOTIFY_SOCKET: manager.path, ...watchdog });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assertEquals(manager.receive(), []);
  });
});

Deno.test("openService() without a manager sends nothing and reports no error", () => {
  const errors: string[] = [];
  using service = open({ WATCHDOG_USEC: "3000" }, errors);
  service.ready();
  service.stopping();
  assertEquals(errors, []);
});

Deno.test("openService() continues and reports an error if its manager does not listen", () => {
  const errors: string[] = [];
  using service = open({ NOTIFY_SOCKET: "/nowhere/notify" }, errors);
  service.ready();
  assertEquals(errors.length, 1);
  assertStringIncludes(errors[0]!, "ENOENT");
});

Deno.test("openService() supports a socket with an abstract name", () => {
  const errors: string[] = [];
  using service = open({ NOTIFY_SOCKET: `@vfio-ask-test-${crypto.randomUUID()}` }, errors);
  service.ready();
  // Nobody listens there. A path would give ENOENT.
  assertStringIncludes(errors[0]!, "ECONNREFUSED");
});
