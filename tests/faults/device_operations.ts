import { SysError } from "../../ffi/errno.ts";
import type { Bytes, Syscalls } from "../../ffi/syscalls.ts";
import { judgeDriver } from "../../src/judge/ask/mod.ts";
import { type DeviceHandle, openDevice } from "../../src/device/mod.ts";
import { Failure, type Problem, toProblem } from "../../src/documents/mod.ts";
import { readInitialData, testTarget } from "../../src/preflight/mod.ts";
import { probeDevice, surveyDevice } from "../../src/probe/mod.ts";
import type { SysfsDevice } from "../../src/host/mod.ts";
import { DEVICES, type FaultHost, nameOf, plantFaultHost } from "./host.ts";
import { NOTHING, type Operation, type Outcome } from "./run_faults.ts";

/** An operation on an open device. */
type Work = (handle: DeviceHandle, id: string) => Outcome | Promise<Outcome>;

/** Opens a device and works with it. A failed open or survey is an outcome too. */
async function onDevice(
  sys: Syscalls,
  { host, device, path, work }: {
    host: FaultHost;
    device: SysfsDevice;
    path: "cdev" | "group";
    work: Work;
  },
): Promise<Outcome> {
  let wasOpen = false;
  try {
    const opened = openDevice(sys, host.roots, device, path);
    if (opened.kind !== "open") return { ...NOTHING, outcome: opened.kind };
    wasOpen = true;
    using handle = opened.handle;
    return await work(handle, device.id);
  } catch (error) {
    if (!(error instanceof Failure) && !(error instanceof SysError)) throw error;
    // The caller treats it as a device that needs a reset: see the operations on tasks.
    return {
      ...NOTHING,
      outcome: wasOpen ? "lost" : "failed",
      problems: [toProblem(error, device.id)],
    };
  }
}

const probe: Work = (handle, id) => {
  const capabilities = probeDevice(handle, id, new Date(0));
  return { ...NOTHING, capabilities, problems: capabilities.problems };
};

/** Surveys a device and continues if it is in RUNNING. */
function surveyed(
  handle: DeviceHandle,
  id: string,
  work: (survey: ReturnType<typeof surveyDevice>) => Outcome | Promise<Outcome>,
): Outcome | Promise<Outcome> {
  const survey = surveyDevice(handle, id);
  const { problems } = survey;
  return problems.some(({ code }) => code === "needs-reset")
    ? { ...NOTHING, outcome: "failed", problems }
    : work(survey);
}

const readData = (stopCopyBytes: number | null): Work => (handle, id) =>
  surveyed(handle, id, async ({ migration, v1 }) => {
    const options = { id, migration, v1, stopCopyBytes };
    const { initialData, problems } = await readInitialData(handle, options);
    return { ...NOTHING, problems, initialBytes: initialData?.bytes ?? null };
  });

interface Test {
  data: Bytes;
  phase?: "pre-copy" | "stop-copy";
  controls: "make" | "remembered" | "off";
}

const test = ({ data, phase = "pre-copy", controls }: Test): Work => (handle, id) =>
  surveyed(handle, id, ({ migration, v1 }) => {
    const source = { data, phase };
    const tested = testTarget(handle, { id, migration, v1, source, controls });
    const { verdict } = judgeDriver({
      driver: "driver",
      test: tested.test,
      source: { bytes: data.length, phase },
      declared: null,
    });
    return { ...NOTHING, problems: tested.problems, verdict };
  });

/** The initial data of a device, as a source on another host would have it. */
async function dataOf(id: string): Promise<Bytes> {
  using host = plantFaultHost(id);
  const device = host.find(id);
  const sys = host.boot();
  let data: Bytes | null = null;
  await onDevice(sys, {
    host,
    device,
    path: "cdev",
    work: async (handle) => {
      const { migration, v1 } = surveyDevice(handle, id);
      const read = await readInitialData(handle, { id, migration, v1, stopCopyBytes: null });
      data = Uint8Array.fromBase64(read.initialData?.base64 ?? "");
      return NOTHING;
    },
  });
  return data ?? new Uint8Array();
}

/** A device, the name of an operation, the operation, and the state that the device is found in. */
type Row = [device: string, what: string, work: Work, found?: string];

/**
 * All operations on open devices. With `isWhole`, each runs by group and by cdev. Otherwise most run by cdev only.
 */
export async function listDeviceOperations(
  { isWhole }: { isWhole: boolean },
): Promise<Operation[]> {
  const { v2, other, v1, vf, noPreCopy, plain } = DEVICES;
  const data = { v2: await dataOf(v2), other: await dataOf(other), v1: await dataOf(v1) };
  const alteredV1 = data.v1.map((byte) => byte ^ 1);
  const rows: Row[] = [
    ...[v2, v1, vf, plain].map((device): Row => [device, "probe", probe]),
    [v2, "probe", probe, "resuming"],
    [v2, "probe", probe, "error"],
    [v1, "probe", probe, "error"],
    [v2, "read data of", readData(null)],
    [v1, "read data of", readData(null)],
    [noPreCopy, "read data of", readData(64)],
    [v2, "read data of", readData(null), "error"],
    ...(["make", "remembered", "off"] as const).flatMap((controls): Row[] => [
      [v2, `give its own data (controls ${controls}) to`, test({ data: data.v2, controls })],
      [v2, `give another's data (controls ${controls}) to`, test({ data: data.other, controls })],
      [v1, `give its own data (controls ${controls}) to`, test({ data: data.v1, controls })],
      [v1, `give another's data (controls ${controls}) to`, test({ data: alteredV1, controls })],
    ]),
    [v2, "give its own data to", test({ data: data.v2, controls: "make" }), "resuming"],
    [v1, "give its own data to", test({ data: data.v1, controls: "make" }), "error"],
    [
      noPreCopy,
      "give STOP_COPY data to",
      test({ data: data.v2, phase: "stop-copy", controls: "make" }),
    ],
  ];
  return (["group", "cdev"] as const).flatMap((path) =>
    rows.slice(0, path === "cdev" || isWhole ? rows.length : 5).map((
      [id, what, work, found],
    ): Operation => ({
      name: `${what} ${nameOf(id)} by ${path}${found === undefined ? "" : `, found in ${found}`}`,
      device: id,
      mayEnd: id === noPreCopy,
      hasOwnToShow: !what.includes("controls off"),
      prepare: (_, kernel) => found === undefined ? undefined : kernel.leaveIn(id, found),
      run: (host, sys) => onDevice(sys, { host, device: host.find(id), path, work }),
      check: ({ state, outcome, wasOpened }) => {
        const isTold = outcome.outcome === "lost" || needsReset(outcome.problems);
        const isRunning = state === null || state === "running";
        return isRunning || isTold || !wasOpened ? [] : [`it is in ${state} and not reported`];
      },
    }))
  );
}

const needsReset = (problems: readonly Problem[]) =>
  problems.some(({ code }) => code === "needs-reset");
