import { assertEquals, assertStringIncludes } from "@std/assert";
import { type DatagramSocket, openDatagramSocket } from "../../tests/fixtures/datagram_socket.ts";
import { until } from "../../tests/fixtures/fake_worker.ts";
import { openService, type Service } from "./service.ts";

/** Runs with a service manager's socket. */
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
  return openService((name) => env[name], (message) => void errors.push(message));
}

Deno.test("openService() tells its manager, one datagram each, that it is ready and that it stops", async () => {
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

Deno.test("openService() feeds the watchdog for as long as it is open", async () => {
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

Deno.test("openService() leaves a watchdog alone that is another process's, or none", async () => {
  await withManager(async (manager) => {
    const watchdogs = [{}, { WATCHDOG_USEC: "0" }, { WATCHDOG_USEC: "3000", WATCHDOG_PID: "1" }];
    for (const watchdog of watchdogs) {
      using _ = open({ NOTIFY_SOCKET: manager.path, ...watchdog });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assertEquals(manager.receive(), []);
  });
});

Deno.test("openService() without a manager tells nobody and meets no error", () => {
  const errors: string[] = [];
  using service = open({ WATCHDOG_USEC: "3000" }, errors);
  service.ready("Answering");
  service.stopping();
  assertEquals(errors, []);
});

Deno.test("openService() goes on where its manager does not listen, and says so", () => {
  const errors: string[] = [];
  using service = open({ NOTIFY_SOCKET: "/nowhere/notify" }, errors);
  service.ready("Answering");
  assertEquals(errors.length, 1);
  assertStringIncludes(errors[0]!, "ENOENT");
});

Deno.test("openService() speaks to a socket with an abstract name", () => {
  const errors: string[] = [];
  using service = open({ NOTIFY_SOCKET: `@vfio-ask-test-${crypto.randomUUID()}` }, errors);
  service.ready("Answering");
  // Nobody is there; a path would answer ENOENT.
  assertStringIncludes(errors[0]!, "ECONNREFUSED");
});
