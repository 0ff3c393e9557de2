import { assert, assertEquals } from "@std/assert";
import {
  type DeviceHandle,
  readV1State,
  setState,
  V1_STATES,
  writeV1Field,
} from "../../src/device/mod.ts";
import { judgeDriver } from "../../src/judge/ask/mod.ts";
import { readInitialData, testTarget } from "../../src/preflight/mod.ts";
import { type Survey, surveyDevice } from "../../src/probe/mod.ts";
import type { SysfsDevice } from "../../src/host/mod.ts";
import type { ContractCase, ContractHost } from "./contract.ts";
import { opened } from "./open_cases.ts";

/** Opens a device, surveys it, works with it, and closes it. */
async function onDevice<T>(
  host: ContractHost,
  device: SysfsDevice,
  work: (handle: DeviceHandle, survey: Survey) => T | Promise<T>,
): Promise<T> {
  using sys = host.openSyscalls();
  using handle = opened(host, sys, "any", device);
  return await work(handle, surveyDevice(handle, device.id));
}

/** A device's initial data. */
async function initialDataOf(
  host: ContractHost,
  device: SysfsDevice,
): Promise<Uint8Array<ArrayBuffer>> {
  const read = await onDevice(
    host,
    device,
    (handle, { migration, v1 }) =>
      readInitialData(handle, { id: device.id, migration, v1, stopCopyBytes: null }),
  );
  assert(read.initialData !== null, read.why ?? "");
  assertEquals(read.problems, []);
  return Uint8Array.fromBase64(read.initialData.base64);
}

/** Tests a device with these bytes and with controls. */
async function testOf(host: ContractHost, device: SysfsDevice, data: Uint8Array<ArrayBuffer>) {
  const { test, problems } = await onDevice(
    host,
    device,
    (handle, { migration, v1 }) =>
      testTarget(handle, {
        id: device.id,
        migration,
        v1,
        source: { data, phase: "pre-copy" },
        controls: "make",
      }),
  );
  assertEquals(problems, []);
  return test;
}

/** The verdict, code and check of a device's driver for these bytes. */
async function verdictOf(host: ContractHost, device: SysfsDevice, data: Uint8Array<ArrayBuffer>) {
  const test = await testOf(host, device, data);
  const source = { bytes: data.length, phase: "pre-copy" } as const;
  const { verdict, reasons } = judgeDriver({
    driver: device.driver!.name,
    test,
    source,
    declared: null,
  });
  const { code, check } = reasons[0]!;
  return [verdict, code, check?.step ?? null, check?.errno ?? null];
}

async function assertRunning(host: ContractHost, device: SysfsDevice): Promise<void> {
  const { state, problems } = await onDevice(host, device, (_, survey) => survey);
  assertEquals([state, problems], ["running", []]);
}

const withBit = (bytes: Uint8Array<ArrayBuffer>, at: number) =>
  bytes.map((byte, index) => index === at ? byte ^ 0x40 : byte);

export const PREFLIGHT_CASES: readonly ContractCase[] = [
  {
    name: "a driver takes its device's own data and refuses altered copies, in the same test",
    async run(host) {
      for (const device of [host.subjects.migratable, host.subjects.v1]) {
        const data = await initialDataOf(host, device);
        const { controls, ownBytes, own, altered, source } = await testOf(host, device, data);
        assertEquals([controls, ownBytes], ["made", data.length]);
        assertEquals([own?.is, source?.is], ["taken", "taken"]);
        assertEquals(altered.map(({ fromByte, handed }) => [fromByte, handed.is]), [
          [0, "refused"],
          [8, "refused"],
        ]);
        await assertRunning(host, device);
      }
    },
  },
  {
    name: "a device accepts its own initial data, and another type refuses it at the write",
    async run(host) {
      const { migratable, other } = host.subjects;
      const before = host.countDescriptors();
      for (const [one, two] of [[migratable, other], [other, migratable]] as const) {
        const data = await initialDataOf(host, one);
        assertEquals(data.length, 24);
        assertEquals(await verdictOf(host, one, data), [
          "compatible",
          "DriverAccepted",
          "write",
          null,
        ]);
        assertEquals(await verdictOf(host, two, data), [
          "incompatible",
          "DriverRefused",
          "write",
          "EFAULT",
        ]);
      }
      assertEquals(host.countDescriptors(), before);
      await assertRunning(host, migratable);
      await assertRunning(host, other);
    },
  },
  {
    name: "an alteration of any header field is refused",
    async run(host) {
      const { migratable } = host.subjects;
      const data = await initialDataOf(host, migratable);
      for (const at of [0, 7, 8, 12, 16, 20]) {
        const verdict = await verdictOf(host, migratable, withBit(data, at));
        assertEquals([at, ...verdict], [at, "incompatible", "DriverRefused", "write", "EFAULT"]);
      }
      await assertRunning(host, migratable);
    },
  },
  {
    name: "data shorter than the driver's initial data proves nothing, and so does no data",
    async run(host) {
      const { migratable } = host.subjects;
      const data = await initialDataOf(host, migratable);
      for (const length of [1, 23]) {
        assertEquals((await verdictOf(host, migratable, data.slice(0, length))).slice(0, 2), [
          "unknown",
          "InitialDataShort",
        ]);
      }
      assertEquals((await verdictOf(host, migratable, new Uint8Array())).slice(0, 2), [
        "unknown",
        "InitialDataShort",
      ]);
      await assertRunning(host, migratable);
    },
  },
  {
    name:
      "a v1 device accepts its own initial data, refuses other data at data_size, and recovers by a reset",
    async run(host) {
      const { v1 } = host.subjects;
      const before = host.countDescriptors();
      const data = await initialDataOf(host, v1);
      assertEquals(data.length, 32);
      assertEquals(await verdictOf(host, v1, data), [
        "compatible",
        "DriverAccepted",
        "write",
        null,
      ]);
      const refused = await verdictOf(host, v1, withBit(data, 0));
      assertEquals(refused, ["incompatible", "DriverRefused", "data_size", "EINVAL"]);
      const short = await verdictOf(host, v1, data.slice(0, 31));
      assertEquals(short.slice(0, 2), ["unknown", "InitialDataShort"]);
      assertEquals(host.countDescriptors(), before);
      await assertRunning(host, v1);
    },
  },
  {
    name: "a v1 device left in RESUMING is found in RESUMING or fresh by the next opener",
    async run(host) {
      const { v1 } = host.subjects;
      await onDevice(host, v1, (handle, survey) => {
        writeV1Field(handle, survey.v1!, "device_state", BigInt(V1_STATES.resuming));
        assertEquals(readV1State(handle, survey.v1!), "resuming");
      });
      await onDevice(host, v1, () => {});
      await assertRunning(host, v1);
    },
  },
  {
    name: "a device left in RESUMING is found in RESUMING by the next opener and reset",
    async run(host) {
      const { migratable } = host.subjects;
      await onDevice(host, migratable, (handle) => {
        setState(handle, "stop");
        const fd = setState(handle, "resuming");
        if (fd !== null) handle.sys.close(fd);
      });
      const { state, problems } = await onDevice(host, migratable, (_, survey) => survey);
      assertEquals([state, problems.map(({ code }) => code)], ["running", ["was-reset"]]);
      await assertRunning(host, migratable);
    },
  },
];
