import { assertEquals, assertStringIncludes } from "@std/assert";
import { type DatagramSocket, openDatagramSocket } from "../../tests/fixtures/datagram_socket.ts";
import { until } from "../../tests/fixtures/fake_worker.ts";
import type { LogFields } from "./log.ts";
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

function open(env: Record<string, string>, errors: string[] = []): Service {
  const warning = (message: string, { error }: LogFields = {}) =>
    void errors.push(`${message}: ${error}`);
  return openService((name) => env[name], { warning });
}

Deno.test("openService() reports ready and stopping, in one datagram each", async () => {
  await withManager((manager) => {
    using service = open({ NOTIFY_SOCKET: manager.path });
    service.ready("Answering");
    service.status("Busy");
    service.stopping();
    assertEquals(manager.receive(), [
      "READY=1\nSTATUS=Answering",
      "STATUS=Busy",
      "STOPPING=1\nSTATUS=Stopping",
    ]);
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
  service.ready("Answering");
  service.stopping();
  assertEquals(errors, []);
});

Deno.test("openService() continues and reports an error if its manager does not listen", () => {
  const errors: string[] = [];
  using service = open({ NOTIFY_SOCKET: "/nowhere/notify" }, errors);
  service.ready("Answering");
  assertEquals(errors.length, 1);
  assertStringIncludes(errors[0]!, "ENOENT");
});

Deno.test("openService() supports a socket with an abstract name", () => {
  const errors: string[] = [];
  using service = open({ NOTIFY_SOCKET: `@vfio-ask-test-${crypto.randomUUID()}` }, errors);
  service.ready("Answering");
  // Nobody listens there. A path would give ENOENT.
  assertStringIncludes(errors[0]!, "ECONNREFUSED");
});
