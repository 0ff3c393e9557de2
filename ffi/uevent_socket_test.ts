import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SysError } from "./errno.ts";
import { openUeventCalls } from "./uevent_calls.ts";
import { openUeventSocket, type UeventSocket } from "./uevent_socket.ts";
import { fakeUevents } from "./uevent_testing.ts";

/** Any process with permission can make the kernel repeat the event of a device. Source: `uevent_store()` of Linux. */
const LOOPBACK = "/sys/class/net/lo/uevent";

const headersOf = async (socket: UeventSocket) => {
  const received = await socket.receive();
  return received?.events.map(({ action, devpath }) => `${action}@${devpath}`) ?? null;
};

Deno.test("openUeventSocket() returns all waiting events together", async () => {
  const calls = fakeUevents();
  await using socket = openUeventSocket(calls);
  calls.sendUevent("add@/devices/a", { SUBSYSTEM: "mdev" });
  calls.sendUevent("bind@/devices/a");
  assertEquals(await headersOf(socket), ["add@/devices/a", "bind@/devices/a"]);
});

Deno.test("openUeventSocket() waits until an event comes", async () => {
  const calls = fakeUevents();
  await using socket = openUeventSocket(calls);
  const received = headersOf(socket);
  calls.sendUevent("remove@/devices/a");
  assertEquals(await received, ["remove@/devices/a"]);
});

Deno.test("openUeventSocket() ignores messages that the kernel did not send to its group", async () => {
  const calls = fakeUevents();
  await using socket = openUeventSocket(calls);
  const message = new TextEncoder().encode("add@/devices/forged\0");
  calls.send(message, { nl_pid: 4711 });
  calls.send(message, { nl_groups: 0 });
  calls.send(message, { nl_groups: 2 });
  calls.sendUevent("add@/devices/real");
  assertEquals(await headersOf(socket), ["add@/devices/real"]);
});

Deno.test("openUeventSocket() reports events that the kernel dropped or that are too long", async () => {
  const calls = fakeUevents();
  await using socket = openUeventSocket(calls);
  calls.fail("ENOBUFS");
  calls.sendUevent("add@/devices/a");
  const first = await socket.receive();
  assertEquals([first?.lost, first?.events.length], [true, 1]);
  calls.sendUevent("add@/devices/a", { LONG: "x".repeat(10_000) });
  const second = await socket.receive();
  assertEquals([second?.lost, second?.events.length], [true, 0]);
});

Deno.test("openUeventSocket() receives a limited number at once, and the rest next", async () => {
  const calls = fakeUevents();
  await using socket = openUeventSocket(calls);
  for (let i = 0; i < 300; i++) calls.sendUevent(`add@/devices/${i}`);
  const first = await headersOf(socket);
  const second = await headersOf(socket);
  assert(first!.length < 300);
  assertEquals([...first!, ...second!].length, 300);
});

Deno.test("openUeventSocket() ends a wait when it is disposed of, and closes everything", async () => {
  const calls = fakeUevents();
  const socket = openUeventSocket(calls);
  const received = socket.receive();
  await socket[Symbol.asyncDispose]();
  assertEquals(await received, null);
  assertEquals(await socket.receive(), null);
  assertEquals([calls.openDescriptors, calls.isDisposed], [0, true]);
});

Deno.test("openUeventSocket() throws if the kernel refuses, and leaves nothing open", () => {
  for (const call of ["socket", "bind"] as const) {
    const calls = fakeUevents({ refuse: { call, errno: "EPERM" } });
    assertEquals(assertThrows(() => openUeventSocket(calls), SysError).code, "EPERM");
    assertEquals([calls.openDescriptors, calls.isDisposed], [0, true]);
  }
});

Deno.test("openUeventSocket() throws if nothing can be received any more", async () => {
  const calls = fakeUevents();
  await using socket = openUeventSocket(calls);
  calls.fail("EBADF");
  assertEquals((await assertRejects(() => socket.receive(), SysError)).code, "EBADF");
});

Deno.test("openUeventSocket() receives the events of this kernel, and ends a wait in poll(2)", {
  ignore: !isWritable(LOOPBACK),
}, async () => {
  const socket = openUeventSocket(openUeventCalls());
  Deno.writeTextFileSync(LOOPBACK, "change 11111111-0000-4000-8000-000000000001 BY=test");
  for (;;) {
    // This kernel may send other events too.
    const received = await socket.receive();
    const own = received!.events.find(({ properties }) =>
      properties.get("SYNTH_ARG_BY") === "test"
    );
    if (own === undefined) continue;
    assertEquals([own.action, own.devpath], ["change", "/devices/virtual/net/lo"]);
    assertEquals(own.properties.get("SUBSYSTEM"), "net");
    break;
  }
  const waiting = socket.receive();
  await socket[Symbol.asyncDispose]();
  await waiting;
});

function isWritable(path: string): boolean {
  try {
    Deno.openSync(path, { write: true }).close();
    return true;
  } catch {
    return false;
  }
}
