import { assertEquals } from "@std/assert";
import type { Syscalls } from "../../../ffi/syscalls.ts";
import {
  VFIO_DEVICE_GET_REGION_INFO,
  VFIO_DEVICE_RESET,
  vfio_region_info,
} from "../../../ffi/vfio.ts";
import {
  vfio_device_migration_info,
  VFIO_DEVICE_STATE_V1_RESUMING,
  VFIO_DEVICE_STATE_V1_RUNNING,
  VFIO_DEVICE_STATE_V1_SAVING,
} from "../../../ffi/vfio_migration.ts";
import { VFIO_DEVICE_STATE_V1_ERROR } from "./migration_v1.ts";
import { assertErrno, closeAll, feature, openByCdev, simulate } from "./testing.ts";

const REGION = 9;
const BASE = BigInt(REGION) << 40n;
const AT = vfio_device_migration_info.fields;

function open() {
  const calls = simulate("mixed");
  return { calls, ...openByCdev(calls, "vfio11") };
}

function u32(value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint32Array([value]).buffer);
}

function u64(value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new BigUint64Array([BigInt(value)]).buffer);
}

function setState(calls: Syscalls, device: number, state: number): void {
  calls.pwrite(device, u32(state), BASE + BigInt(AT.device_state[1]));
}

function register(calls: Syscalls, device: number, name: keyof typeof AT): number {
  const bytes = new Uint8Array(8);
  calls.pread(
    device,
    name === "device_state" ? bytes.subarray(0, 4) : bytes,
    BASE +
      BigInt(AT[name][1]),
  );
  return Number(new DataView(bytes.buffer).getBigUint64(0, true));
}

/** Saves pending data in the order that the uAPI prescribes. */
function save(calls: Syscalls, device: number): Uint8Array<ArrayBuffer> {
  setState(calls, device, VFIO_DEVICE_STATE_V1_RUNNING | VFIO_DEVICE_STATE_V1_SAVING);
  assertEquals(register(calls, device, "pending_bytes"), 32);
  const offset = register(calls, device, "data_offset");
  const data = new Uint8Array(register(calls, device, "data_size"));
  calls.pread(device, data, BASE + BigInt(offset));
  assertEquals(register(calls, device, "pending_bytes"), 0);
  setState(calls, device, VFIO_DEVICE_STATE_V1_RUNNING);
  return data;
}

Deno.test("the migration region follows the configuration region and has its type", () => {
  const { calls, device, iommufd } = open();
  const argument = vfio_region_info.make({ argsz: 96, index: REGION }, 64);
  calls.ioctl(device, VFIO_DEVICE_GET_REGION_INFO, argument);
  const { cap_offset, size } = vfio_region_info.read(argument);
  assertEquals([cap_offset, size], [32, 20480n]);
  const view = new DataView(argument.buffer);
  assertEquals([view.getUint16(32, true), view.getUint32(36, true)], [2, 48]);
  assertEquals([view.getUint32(40, true), view.getUint32(44, true)], [3, 1]);
  assertEquals(view.getUint16(48, true), 1);
  assertErrno("ENOTTY", () => feature(calls, device, 1 | 1 << 18));
  closeAll(calls, device, iommufd);
});

Deno.test("writeRegisters() accepts the legal states and refuses others", () => {
  const { calls, device, iommufd } = open();
  for (const state of [0, 1, 2, 3, 4, 1]) {
    setState(calls, device, state);
    assertEquals(register(calls, device, "device_state"), state);
  }
  for (const state of [5, 6, 7, 8]) assertErrno("EINVAL", () => setState(calls, device, state));
  assertEquals(register(calls, device, "device_state"), 1);
  closeAll(calls, device, iommufd);
});

Deno.test("writeRegisters() accepts the device's own initial data", () => {
  const { calls, device, iommufd } = open();
  const data = save(calls, device);
  setState(calls, device, VFIO_DEVICE_STATE_V1_RESUMING);
  calls.pwrite(device, data, BASE + BigInt(register(calls, device, "data_offset")));
  calls.pwrite(device, u64(data.length), BASE + BigInt(AT.data_size[1]));
  assertEquals(register(calls, device, "device_state"), VFIO_DEVICE_STATE_V1_RESUMING);
  calls.ioctl(device, VFIO_DEVICE_RESET);
  closeAll(calls, device, iommufd);
});

Deno.test("writeRegisters() refuses other initial data and stays in error until a reset", () => {
  const { calls, device, iommufd } = open();
  const data = save(calls, device).fill(0xff, 8, 9);
  setState(calls, device, VFIO_DEVICE_STATE_V1_RESUMING);
  calls.pwrite(device, data, BASE + BigInt(register(calls, device, "data_offset")));
  const size = BASE + BigInt(AT.data_size[1]);
  assertErrno("EINVAL", () => calls.pwrite(device, u64(data.length), size));
  assertEquals(register(calls, device, "device_state"), VFIO_DEVICE_STATE_V1_ERROR);
  assertErrno("EINVAL", () => setState(calls, device, VFIO_DEVICE_STATE_V1_RUNNING));
  calls.ioctl(device, VFIO_DEVICE_RESET);
  assertEquals(register(calls, device, "device_state"), VFIO_DEVICE_STATE_V1_RUNNING);
  closeAll(calls, device, iommufd);
});
