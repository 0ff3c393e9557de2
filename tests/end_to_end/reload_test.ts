import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type DatagramSocket, openDatagramSocket } from "../fixtures/datagram_socket.ts";
import { until } from "../fixtures/fake_worker.ts";
import { json, openWorkplace, type Server, startServer, type Workplace } from "./program.ts";

const GPU = "3a6f0d52-8c1e-4b7a-9f25-61d0e4c7a101";

/** A server with a configuration file and a service manager. */
interface Service extends AsyncDisposable {
  place: Workplace;
  server: Server;
  configure(fields: Record<string, unknown> | string): Promise<void>;
  /** Sends SIGHUP and waits for READY. Returns the notifications. */
  reload(): Promise<string[]>;
  /** Waits until the log contains a text. */
  logged(text: string): Promise<void>;
}

/** Waits until the log of a server contains a text. */
async function logged({ folder }: Workplace, text: string): Promise<void> {
  const path = `${folder}/stderr`;
  await until(`the log contains ${text}`, () => Deno.readTextFileSync(path).includes(text));
}

async function startService(fields: Record<string, unknown>): Promise<Service> {
  const stack = new AsyncDisposableStack();
  const place = stack.use(await openWorkplace());
  const manager: DatagramSocket = stack.use(openDatagramSocket(`${place.folder}/notify`));
  const path = `${place.folder}/config.json`;
  const configure: Service["configure"] = (fields) =>
    Deno.writeTextFile(
      path,
      typeof fields === "string"
        ? fields
        : JSON.stringify({ schema: "vfio-ask/config/v1", listen: "127.0.0.1:0", ...fields }),
    );
  await configure(fields);
  const args = ["--config", path];
  const server = stack.use(
    await startServer(place, { args, extra: { NOTIFY_SOCKET: manager.path } }),
  );
  const isReady = (messages: readonly string[]) =>
    messages.some((message) => message.startsWith("READY=1"));
  const received: string[] = [];
  await until("the server is ready", () => {
    received.push(...manager.receive());
    return isReady(received);
  });
  return {
    place,
    server,
    configure,
    async reload() {
      const messages: string[] = [];
      manager.receive();
      Deno.kill(server.pid, "SIGHUP");
      await until("the server has reloaded", () => {
        messages.push(...manager.receive());
        return isReady(messages);
      });
      return messages;
    },
    logged: (text) => logged(place, text),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** What the server does with a source whose subsystem differs: `warn` or `refuse`. */
async function subsystemMode({ server: { base } }: Service): Promise<string> {
  const identity = () => fetch(`${base}/v1/devices/${GPU}/identity`).then((answer) => json(answer));
  let source = await identity();
  // The server may not have probed the device yet.
  while ((source.migration as { uapi: string }).uapi !== "v2") {
    await new Promise((resolve) => setTimeout(resolve, 50));
    source = await identity();
  }
  source.id = "elsewhere";
  source.pciConfig = { ...source.pciConfig as object, subsystem: "1234:5678" };
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify(source);
  const asked = await fetch(`${base}/v1/ask?refusals=each`, { method: "POST", body, headers });
  const { refusals } = await json(asked) as { refusals: { reasons: { code: string }[] }[] };
  const codes = refusals.flatMap(({ reasons }) => reasons.map(({ code }) => code));
  return codes.includes("SubsystemDiffers") ? "refuse" : "warn";
}

Deno.test("SIGHUP reloads the configuration: RELOADING with the monotonic time, then READY", async () => {
  await using service = await startService({});
  assertEquals(await subsystemMode(service), "warn");
  await service.configure({ subsystem: "refuse" });
  const [reloading] = await service.reload();
  assertMatch(reloading!, /^RELOADING=1\nMONOTONIC_USEC=\d+$/);
  await service.logged("Configuration reloaded\n");
  assertEquals(await subsystemMode(service), "refuse");
});

Deno.test("SIGHUP with a wrong configuration keeps the old one, and says so", async () => {
  await using service = await startService({});
  for (const wrong of ["{", { settle: "soon" }, { listen: "0.0.0.0:80" }]) {
    await service.configure(wrong);
    const messages = await service.reload();
    assertStringIncludes(messages.join("\n"), "READY=1");
    assertEquals((await json(await fetch(`${service.server.base}/healthz`))).ok, true);
  }
  await service.logged('config.json: /settle is "soon": expected a number');
  await service.logged('/listen is "0.0.0.0:80": not a loopback address');
  await service.configure({ subsystem: "refuse" });
  await service.reload();
  assertEquals(await subsystemMode(service), "refuse");
});

Deno.test("the status says that a new configuration is wrong, until it is right", async () => {
  await using service = await startService({});
  await service.configure({ settle: -1 });
  assertStringIncludes((await service.reload()).join("\n"), "; keeps the old configuration");
  await service.configure({});
  const messages = (await service.reload()).join("\n");
  assertStringIncludes(messages, "STATUS=Answering on ");
  assertEquals(messages.includes("configuration"), false);
});

Deno.test("the status follows the snapshot and the last probe", async () => {
  await using place = await openWorkplace();
  using manager = openDatagramSocket(`${place.folder}/notify`);
  const extra = { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: "300000" };
  await using _server = await startServer(place, { extra });
  const status =
    /^STATUS=Answering on .*: 9 devices, \d+ types, snapshot \d+, last probe of .+ at .+Z/m;
  await until("the status names the last probe", () => status.test(manager.receive().join("\n")));
});

Deno.test("SIGHUP names the fields that cannot change while the server runs", async () => {
  await using service = await startService({});
  await service.configure({ listen: "127.0.0.1:1", unix: `${service.place.folder}/new.sock` });
  const messages = await service.reload();
  assertStringIncludes(messages.join("\n"), "; restart to change listen, unix");
  await service.logged('fields="listen, unix"');
  assertEquals((await json(await fetch(`${service.server.base}/healthz`))).ok, true);
});

Deno.test("SIGHUP reads rules and facts again", async () => {
  await using place = await openWorkplace();
  const rules = `${place.folder}/rules.d`;
  await Deno.mkdir(rules);
  using manager = openDatagramSocket(`${place.folder}/notify`);
  await using server = await startServer(place, {
    args: ["--listen", "127.0.0.1:0", "--rules", rules],
    extra: { NOTIFY_SOCKET: manager.path },
  });
  const messages: string[] = [];
  const ready = (count: number) => {
    messages.push(...manager.receive());
    return messages.filter((message) => message.startsWith("READY=1")).length >= count;
  };
  await until("the server is ready", () => ready(1));
  await Deno.writeTextFile(`${rules}/bad.json`, "{");
  Deno.kill(server.pid, "SIGHUP");
  await until("the server has reloaded", () => ready(2));
  await logged(place, "code=rules-refused");
  const { files } = await json(await fetch(`${server.base}/v1/rules`)) as {
    files: { path: string }[];
  };
  assert(files.some(({ path }) => path === `${rules}/bad.json`));
});

Deno.test("SIGHUP during the start does not end the server", async () => {
  await using place = await openWorkplace();
  await using server = await startServer(place);
  for (let turn = 0; turn < 3; turn++) Deno.kill(server.pid, "SIGHUP");
  assertEquals((await json(await fetch(`${server.base}/healthz`))).ok, true);
  assertEquals((await server.stop()).code, 0);
});
