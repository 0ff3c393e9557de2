import { assertEquals, assertThrows } from "@std/assert";
import type { Syscalls } from "../../../ffi/syscalls.ts";
import {
  VFIO_DEVICE_FEATURE_GET,
  VFIO_DEVICE_FEATURE_PROBE,
  VFIO_DEVICE_FEATURE_SET,
  VFIO_DEVICE_RESET,
} from "../../../ffi/vfio.ts";
import {
  VFIO_DEVICE_FEATURE_MIG_DATA_SIZE,
  VFIO_DEVICE_FEATURE_MIGRATION,
  vfio_device_feature_migration,
  VFIO_DEVICE_STATE_PRE_COPY,
  VFIO_DEVICE_STATE_RESUMING,
  VFIO_DEVICE_STATE_RUNNING,
  VFIO_DEVICE_STATE_RUNNING_P2P,
  VFIO_DEVICE_STATE_STOP,
  VFIO_DEVICE_STATE_STOP_COPY,
  VFIO_MIG_GET_PRECOPY_INFO,
  vfio_precopy_info,
} from "../../../ffi/vfio_migration.ts";
import {
  assertErrno,
  bind,
  closeAll,
  feature,
  getState,
  openByCdev,
  openNode,
  setState,
  simulate,
} from "./testing.ts";

/** Idle mtty devices with one and two ports, and an idle QAT function. */
const [MTTY_1, MTTY_2, QAT] = ["vfio0", "vfio1", "vfio5"] as const;
const MTTY_HEADER_BYTES = 24;

function read(calls: Syscalls, fd: number, length: number): Uint8Array<ArrayBuffer> {
  const buffer = new Uint8Array(length);
  return buffer.slice(0, calls.read(fd, buffer));
}

function initialBytes(calls: Syscalls, fd: number): bigint {
  const argument = vfio_precopy_info.make({ argsz: 24 });
  calls.ioctl(fd, VFIO_MIG_GET_PRECOPY_INFO, argument);
  return vfio_precopy_info.read(argument).initial_bytes;
}

/** The initial data of a device, read as in a preflight. */
function initialData(name: string): Uint8Array<ArrayBuffer> {
  const calls = simulate("mixed");
  const { iommufd, device } = openByCdev(calls, name);
  const data = setState(calls, device, VFIO_DEVICE_STATE_PRE_COPY);
  const bytes = read(calls, data, Number(initialBytes(calls, data)));
  setState(calls, device, VFIO_DEVICE_STATE_RUNNING);
  closeAll(calls, data, device, iommufd);
  return bytes;
}

/** The errno of writing a stream's beginning to a resuming device. Null if it is accepted. */
function verdict(name: string, bytes: Uint8Array<ArrayBuffer>): string | null {
  const calls = simulate("mixed");
  const { iommufd, device } = openByCdev(calls, name);
  const data = setState(calls, device, VFIO_DEVICE_STATE_RESUMING);
  let code: string | null = null;
  try {
    calls.write(data, bytes);
  } catch (error) {
    code = (error as { code: string }).code;
  }
  assertErrno("EINVAL", () => setState(calls, device, VFIO_DEVICE_STATE_STOP));
  calls.ioctl(device, VFIO_DEVICE_RESET);
  assertEquals(getState(calls, device), VFIO_DEVICE_STATE_RUNNING);
  assertErrno("ENODEV", () => calls.write(data, bytes));
  closeAll(calls, data, device, iommufd);
  return code;
}

Deno.test("deviceFeature() answers probe, get and set like vfio_check_feature()", () => {
  const calls = simulate("mixed");
  const { iommufd, device } = openByCdev(calls, MTTY_2);
  const [get, set, probe] = [
    VFIO_DEVICE_FEATURE_GET,
    VFIO_DEVICE_FEATURE_SET,
    VFIO_DEVICE_FEATURE_PROBE,
  ];
  const migration = VFIO_DEVICE_FEATURE_MIGRATION;
  const data = feature(calls, device, migration | get, vfio_device_feature_migration.make());
  assertEquals(vfio_device_feature_migration.read(data).flags, 7n);
  feature(calls, device, migration | get | probe);
  feature(calls, device, migration | probe);
  assertErrno("EINVAL", () => feature(calls, device, migration));
  assertErrno("EINVAL", () => feature(calls, device, migration | get, new Uint8Array(4)));
  assertErrno("EINVAL", () => feature(calls, device, migration | set | probe));
  assertErrno("EINVAL", () => feature(calls, device, 2 | get | set, new Uint8Array(8)));
  assertErrno("EINVAL", () => feature(calls, device, migration | get | 1 << 20));
  assertErrno("ENOTTY", () => feature(calls, device, 99 | probe));
  const size = feature(
    calls,
    device,
    VFIO_DEVICE_FEATURE_MIG_DATA_SIZE | get,
    new Uint8Array(8),
  );
  assertEquals(new DataView(size.buffer, size.byteOffset).getBigUint64(0, true), 96n);
  closeAll(calls, device, iommufd);
});

Deno.test("deviceFeature() returns ENOTTY for a device without migration", () => {
  const calls = simulate("mixed");
  const { iommufd, device } = openByCdev(calls, "vfio3");
  for (const number of [1, 2, 6, 7, 8, 9]) {
    assertErrno("ENOTTY", () => feature(calls, device, number | VFIO_DEVICE_FEATURE_PROBE));
  }
  assertErrno("ENOTTY", () => getState(calls, device));
  closeAll(calls, device, iommufd);
});

Deno.test("setState() gives the initial data in pre-copy, then the rest", () => {
  const calls = simulate("mixed");
  const { iommufd, device } = openByCdev(calls, MTTY_2);
  const data = setState(calls, device, VFIO_DEVICE_STATE_PRE_COPY);
  assertEquals(initialBytes(calls, data), 24n);
  assertEquals(
    read(calls, data, 4096).toHex(),
    "4e2c3e8c89099d7e" + "01000000" + "00000000" + "02000000" + "00000000",
  );
  assertEquals(initialBytes(calls, data), 0n);
  assertEquals(read(calls, data, 4096).length, 0);
  assertEquals(setState(calls, device, VFIO_DEVICE_STATE_STOP_COPY), -1);
  assertEquals(read(calls, data, 4096).length, 72);
  assertErrno("EINVAL", () => initialBytes(calls, data));
  assertErrno("EINVAL", () => setState(calls, device, VFIO_DEVICE_STATE_PRE_COPY));
  setState(calls, device, VFIO_DEVICE_STATE_RUNNING);
  assertErrno("ENODEV", () => read(calls, data, 1));
  assertErrno("EBADF", () => calls.write(data, new Uint8Array(1)));
  assertErrno("ESPIPE", () => calls.pread(data, new Uint8Array(1), 0n));
  closeAll(calls, data, device, iommufd);
});

Deno.test("setState() skips states that a device lacks, and refuses them as a target", () => {
  const calls = simulate("gpu-host");
  const { iommufd, device } = openByCdev(calls, "vfio3");
  assertErrno("EINVAL", () => setState(calls, device, VFIO_DEVICE_STATE_PRE_COPY));
  assertErrno("EINVAL", () => setState(calls, device, VFIO_DEVICE_STATE_RUNNING_P2P));
  const data = setState(calls, device, VFIO_DEVICE_STATE_STOP_COPY);
  assertEquals(read(calls, data, 8_000_000).length, 4096 * 1024);
  setState(calls, device, VFIO_DEVICE_STATE_RUNNING);
  closeAll(calls, data, device, iommufd);
});

Deno.test("setState() makes mlx5 return ENOMSG when pre-copy has nothing left", () => {
  const calls = simulate("nic-host");
  const { iommufd, device } = openByCdev(calls, "vfio7");
  const data = setState(calls, device, VFIO_DEVICE_STATE_PRE_COPY);
  assertEquals(read(calls, data, 4096).length, 256);
  assertErrno("ENOMSG", () => read(calls, data, 4096));
  closeAll(calls, data, device, iommufd);
});

Deno.test("the resuming write gives the verdict once the initial data is complete", () => {
  const one = initialData(MTTY_1);
  const two = initialData(MTTY_2);
  assertEquals(one.length, MTTY_HEADER_BYTES);
  const cases: readonly (readonly [string, Uint8Array<ArrayBuffer>, string | null])[] = [
    [MTTY_1, one, null],
    [MTTY_2, two, null],
    [MTTY_1, two, "EFAULT"],
    [MTTY_2, one, "EFAULT"],
    [MTTY_2, one.slice(0, 23), null],
    [MTTY_1, new Uint8Array(61), "ENOMEM"],
    [QAT, initialData(QAT), null],
    [QAT, new Uint8Array(256), "EINVAL"],
  ];
  for (const [name, bytes, expected] of cases) assertEquals(verdict(name, bytes), expected);
});

Deno.test("a refused stream is loaded if the writer continues", () => {
  const calls = simulate("mixed");
  const { iommufd, device } = openByCdev(calls, MTTY_2);
  const data = setState(calls, device, VFIO_DEVICE_STATE_RESUMING);
  assertErrno("EFAULT", () => calls.write(data, new Uint8Array(24)));
  assertEquals(calls.write(data, new Uint8Array(72)), 72);
  setState(calls, device, VFIO_DEVICE_STATE_STOP);
  setState(calls, device, VFIO_DEVICE_STATE_RUNNING);
  closeAll(calls, data, device, iommufd);
});

Deno.test("mtty keeps its state over a close, and only a reset leaves it", () => {
  const calls = simulate("mixed");
  const first = openByCdev(calls, MTTY_2);
  const data = setState(calls, first.device, VFIO_DEVICE_STATE_RESUMING);
  closeAll(calls, data, first.device, first.iommufd);
  const second = openByCdev(calls, MTTY_2);
  assertEquals(getState(calls, second.device), VFIO_DEVICE_STATE_RESUMING);
  assertThrows(
    () => setState(calls, second.device, VFIO_DEVICE_STATE_RUNNING),
    Error,
    "The simulated kernel oopses",
  );
  calls.ioctl(second.device, VFIO_DEVICE_RESET);
  assertEquals(getState(calls, second.device), VFIO_DEVICE_STATE_RUNNING);
  closeAll(calls, second.device, second.iommufd);
});

Deno.test("other drivers start from RUNNING at every open", () => {
  const calls = simulate("mixed");
  const { iommufd, device } = openByCdev(calls, QAT);
  const data = setState(calls, device, VFIO_DEVICE_STATE_RESUMING);
  calls.close(device);
  assertErrno("ENODEV", () => calls.write(data, new Uint8Array(1)));
  const again = openNode(calls, `vfio/devices/${QAT}`);
  bind(calls, again, iommufd);
  assertEquals(getState(calls, again), VFIO_DEVICE_STATE_RUNNING);
  closeAll(calls, data, again, iommufd);
});
