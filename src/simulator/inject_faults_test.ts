import { assertEquals } from "@std/assert";
import type { Syscalls } from "../../ffi/syscalls.ts";
import { VFIO_DEVICE_GET_INFO, vfio_device_info } from "../../ffi/vfio.ts";
import {
  VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
  VFIO_DEVICE_FEATURE_MIGRATION,
  VFIO_DEVICE_STATE_PRE_COPY,
} from "../../ffi/vfio_migration.ts";
import { type Fault, injectFaults } from "./inject_faults.ts";
import {
  assertErrno,
  feature,
  getState,
  openByCdev,
  openByGroup,
  openNode,
  setState,
  simulate,
} from "./kernel/testing.ts";

/** The mixed host with faults; `inner` sees only the calls that were made. */
function faulty(...faults: readonly Fault[]) {
  const inner = simulate("mixed");
  return { inner, calls: injectFaults(inner, faults) };
}

function getInfo(calls: Syscalls, device: number): void {
  calls.ioctl(device, VFIO_DEVICE_GET_INFO, vfio_device_info.make({ argsz: 24 }));
}

Deno.test("injectFaults() fails an open by the end of its path", () => {
  const { inner, calls } = faulty({ call: "open", path: "/vfio/70", errno: "EACCES" });
  assertErrno("EACCES", () => openNode(calls, "vfio/70"));
  assertEquals(inner.log.length, 0);
  calls.close(openNode(calls, "vfio/71"));
});

Deno.test("injectFaults() fails a request on the descriptors that came out of a path", () => {
  const request = VFIO_DEVICE_GET_INFO;
  const { calls } = faulty({ call: "ioctl", path: "/vfio/70", request, errno: "EIO" });
  const bad = openByGroup(calls, "70", "83b8f4f2-509f-4c1a-9b0e-6d2c7a41e0a1");
  assertErrno("EIO", () => getInfo(calls, bad.device));
  const good = openByGroup(calls, "71", "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2");
  getInfo(calls, good.device);
});

Deno.test("injectFaults() fails one feature, as often as told", () => {
  const { calls } = faulty({
    call: "ioctl",
    feature: VFIO_DEVICE_FEATURE_MIGRATION,
    errno: "ENODEV",
    times: 2,
  });
  const { device } = openByCdev(calls, "vfio0");
  const probe = () => feature(calls, device, VFIO_DEVICE_FEATURE_MIGRATION | 1 << 18);
  assertErrno("ENODEV", probe);
  getState(calls, device);
  assertErrno("ENODEV", probe);
  probe();
});

Deno.test("injectFaults() fails reads of a data descriptor, by its device's path", () => {
  const { calls } = faulty({ call: "read", path: "vfio0", errno: "ENODEV" });
  const { device } = openByCdev(calls, "vfio0");
  const data = setState(calls, device, VFIO_DEVICE_STATE_PRE_COPY);
  assertErrno("ENODEV", () => calls.read(data, new Uint8Array(1)));
});

Deno.test("injectFaults() fails a socket, or leaves it to the kernel", () => {
  const { inner, calls } = faulty({ call: "socket", errno: "EPERM", times: 1 });
  assertErrno("EPERM", () => calls.socket(16, 3, 16));
  assertEquals(inner.log.length, 0);
  assertErrno("EAFNOSUPPORT", () => calls.socket(16, 3, 16));
  assertEquals(inner.log, ["socket 16 = EAFNOSUPPORT"]);
});

Deno.test("injectFaults() closes although it says that the close failed", () => {
  const { inner, calls } = faulty({ call: "close", errno: "EIO" });
  const fd = openNode(calls, "vfio/vfio");
  assertErrno("EIO", () => calls.close(fd));
  assertEquals(inner.openDescriptors, 0);
});

Deno.test("injectFaults() fails one call by its number, or all from it on", () => {
  const once = faulty({ from: 1, times: 1, errno: "EIO" });
  const first = openNode(once.calls, "vfio/70");
  assertErrno("EIO", () => openNode(once.calls, "vfio/71"));
  once.calls.close(first);
  const ever = faulty({ from: 1, errno: "EIO" });
  const fd = openNode(ever.calls, "vfio/70");
  assertErrno("EIO", () => openNode(ever.calls, "vfio/71"));
  assertErrno("EIO", () => ever.calls.close(fd));
});

Deno.test("injectFaults() makes a call that then fails, and leaves no descriptor of it", () => {
  const { inner, calls } = faulty(
    { call: "open", path: "/vfio/70", errno: "EIO", made: true },
    {
      call: "ioctl",
      feature: VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
      errno: "EFAULT",
      made: true,
      times: 1,
    },
  );
  assertErrno("EIO", () => openNode(calls, "vfio/70"));
  assertEquals(inner.openDescriptors, 0);
  const { device } = openByCdev(calls, "vfio0");
  const before = inner.openDescriptors;
  assertErrno("EFAULT", () => setState(calls, device, VFIO_DEVICE_STATE_PRE_COPY));
  assertEquals([inner.openDescriptors, getState(calls, device)], [
    before,
    VFIO_DEVICE_STATE_PRE_COPY,
  ]);
});

Deno.test("injectFaults() moves fewer bytes: none, one or half", () => {
  for (const [bytes, count] of [[0, 0], [1, 1], ["half", 12]] as const) {
    const { calls } = faulty({ call: "read", bytes, times: 1 });
    const { device } = openByCdev(calls, "vfio0");
    const data = setState(calls, device, VFIO_DEVICE_STATE_PRE_COPY);
    assertEquals(calls.read(data, new Uint8Array(24)), count);
    assertEquals(calls.read(data, new Uint8Array(24)), 24 - count);
  }
});
