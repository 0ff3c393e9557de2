import { assertEquals, assertThrows } from "@std/assert";
import { plantEmptyHost, plantEventfulHost } from "../../tests/fixtures/planted_host.ts";
import { SysError } from "../../ffi/errno.ts";
import { fakeUevents } from "../../ffi/uevent_testing.ts";
import { openHostEvents } from "./host_events.ts";

const MTTY = "/devices/virtual/mtty/mtty";
const MDEV = `${MTTY}/83b8f4f2-509f-4c1a-b8a4-8f5d1c2e7a60`;

Deno.test("openHostEvents() names the devices, parents and groups of events", async () => {
  using host = plantEventfulHost();
  const { calls } = host;
  await using events = host.openEvents();
  calls.sendUevent(`change@${MTTY}`, { SUBSYSTEM: "mtty", MDEV_STATE: "registered" });
  calls.sendUevent("add@/devices/virtual/vfio/12", { SUBSYSTEM: "vfio" });
  calls.sendUevent(`add@${MDEV}/vfio-dev/vfio3`, { SUBSYSTEM: "vfio-dev" });
  calls.sendUevent(`bind@${MDEV}`, { SUBSYSTEM: "mdev", DRIVER: "mtty" });
  calls.sendUevent("unbind@/devices/pci0000:00/0000:00:02.0", { SUBSYSTEM: "pci" });
  const paths = [MTTY, "/devices/virtual/vfio/12", MDEV, MDEV, "/devices/pci0000:00/0000:00:02.0"];
  assertEquals(await events.next(), { paths, lost: false });
});

Deno.test("openHostEvents() waits on if no event concerns VFIO, but not if events were lost", async () => {
  using host = plantEventfulHost();
  const { calls } = host;
  await using events = host.openEvents();
  const next = events.next();
  calls.sendUevent("add@/devices/virtual/net/veth0", { SUBSYSTEM: "net" });
  calls.sendUevent("add@/module/mtty", { SUBSYSTEM: "module" });
  calls.sendUevent("change@/devices/virtual/block/loop0");
  await new Promise((resolve) => setTimeout(resolve, 0));
  calls.fail("ENOBUFS");
  assertEquals(await next, { paths: [], lost: true });
});

Deno.test("openHostEvents() has no events for a tree that is not the kernel's", () => {
  using host = plantEmptyHost();
  const noCalls = () => {
    throw new Error("no system call was expected");
  };
  assertEquals(openHostEvents(host.roots, noCalls), null);
});

Deno.test("openHostEvents() throws without permission", () => {
  using host = plantEventfulHost();
  const calls = fakeUevents({ refuse: { call: "socket", errno: "EPERM" } });
  const error = assertThrows(() => openHostEvents(host.roots, () => calls), SysError);
  assertEquals([error.code, calls.isDisposed], ["EPERM", true]);
});
