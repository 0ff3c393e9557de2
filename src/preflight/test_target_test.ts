import { assertEquals } from "@std/assert";
import { errnoNumber, SysError } from "../../ffi/errno.ts";
import type { Bytes, Syscalls } from "../../ffi/syscalls.ts";
import {
  VFIO_DEVICE_FEATURE,
  vfio_device_feature,
  VFIO_DEVICE_FEATURE_GET,
  VFIO_DEVICE_FEATURE_MASK,
} from "../../ffi/vfio.ts";
import { VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE } from "../../ffi/vfio_migration.ts";
import { judgeDriver } from "../judge/ask/mod.ts";
import { openDevice } from "../device/mod.ts";
import { surveyDevice } from "../probe/mod.ts";
import { type Fault, injectFaults } from "../../tests/fixtures/inject_faults.ts";
import { plantHost, SCENARIOS, simulateSyscalls } from "../simulator/mod.ts";
import { lastPart, listVfioDevices, readDevice } from "../host/mod.ts";
import { readInitialData } from "./read_initial_data.ts";
import { testTarget } from "./test_target.ts";

/** An idle mtty-2, and an idle mtty-1 whose data it refuses. */
const TARGET = "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2";
const OTHER = "83b8f4f2-509f-4c1a-9b0e-6d2c7a41e0a1";

/** How a driver treats writes. `pass` forwards them to the simulated one. */
type Behaviour = (buffer: Bytes, pass: (buffer: Bytes) => number) => number;

const refuse = (errno: string): never => {
  throw new SysError("write", errnoNumber(errno));
};

/**
 * Tests the target with data of another device, on a driver with changed behaviour. Returns the test and its judgement.
 */
async function testWith(
  { from = TARGET, behaviour, faults = [], controls = "make", break: breaks = false }: {
    from?: string;
    behaviour?: Behaviour;
    faults?: readonly Fault[];
    controls?: "make" | "remembered" | "off";
    /** Whether the state cannot be read after a write. */
    break?: boolean;
  },
) {
  const directory = Deno.makeTempDirSync({ prefix: "vfio-ask-test-" });
  try {
    const scenario = SCENARIOS.mixed!;
    const roots = plantHost(scenario, directory);
    const kernel = simulateSyscalls(scenario, roots);
    const open = (sys: Syscalls, id: string) => {
      const path = listVfioDevices(roots).find((found) => lastPart(found.path) === id)!;
      const opened = openDevice(sys, roots, readDevice(roots, path));
      if (opened.kind !== "open") throw new Error(`${id} is ${opened.kind}`);
      return opened.handle;
    };
    let data: Bytes;
    {
      using device = open(kernel, from);
      const { migration, v1 } = surveyDevice(device, from);
      const read = await readInitialData(device, { id: from, migration, v1, stopCopyBytes: null });
      data = Uint8Array.fromBase64(read.initialData!.base64);
    }
    let wrote = false;
    const inner = injectFaults(kernel, faults);
    const sys: Syscalls = {
      ...inner,
      write(fd, buffer) {
        wrote = true;
        return (behaviour ?? ((bytes, pass) => pass(bytes)))(
          buffer,
          (bytes) => inner.write(fd, bytes),
        );
      },
      ioctl(fd, request, argument = 0) {
        if (breaks && wrote && readsState(request, argument)) refuse("EIO");
        return inner.ioctl(fd, request, argument);
      },
    };
    using device = open(sys, TARGET);
    const { migration, v1 } = surveyDevice(device, TARGET);
    const source = { data, phase: "pre-copy" } as const;
    const { test, problems } = testTarget(device, { id: TARGET, migration, v1, source, controls });
    const judged = judgeDriver({
      driver: "mtty",
      test,
      source: { bytes: data.length, phase: "pre-copy" },
      declared: null,
    });
    const codes = problems.map(({ code }) => code);
    return { test, problems: codes, said: [judged.verdict, judged.reasons[0]!.code] };
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function readsState(request: number, argument: Bytes | number): boolean {
  if (request !== VFIO_DEVICE_FEATURE || !(argument instanceof Uint8Array)) return false;
  const { flags } = vfio_device_feature.read(argument);
  return (flags & VFIO_DEVICE_FEATURE_GET) !== 0 &&
    (flags & VFIO_DEVICE_FEATURE_MASK) === VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE;
}

const always = (errno: string): Behaviour => () => refuse(errno);
/** Fails this many writes, then passes them on. */
const failing = (times: number, errno: string): Behaviour => (buffer, pass) =>
  times-- > 0 ? refuse(errno) : pass(buffer);

Deno.test("testTarget() with a driver that checks accepts and refuses", async () => {
  assertEquals((await testWith({})).said, ["compatible", "DriverAccepted"]);
  assertEquals((await testWith({ from: OTHER })).said, ["incompatible", "DriverRefused"]);
});

Deno.test("testTarget() detects a driver that checks nothing, or only its magic", async () => {
  const blind: Behaviour = (buffer) => buffer.length;
  assertEquals((await testWith({ behaviour: blind })).said, ["unknown", "DriverDoesNotLook"]);
  let own: Bytes | null = null;
  const magic: Behaviour = (buffer, pass) => {
    own ??= buffer.slice();
    const seen = own.slice();
    seen.set(buffer.subarray(0, 8));
    return pass(seen);
  };
  const { said, test } = await testWith({ behaviour: magic });
  assertEquals(said, ["unknown", "DriverDoesNotLook"]);
  assertEquals(test.altered.map(({ fromByte, handed }) => [fromByte, handed.is]), [
    [0, "refused"],
    [8, "taken"],
  ]);
});

Deno.test("testTarget() detects a driver that refuses its device's own data, and writes nothing else", async () => {
  for (const errno of ["EFAULT", "EINVAL", "ENOMEM", "EIO"]) {
    const { said, test } = await testWith({ behaviour: always(errno) });
    assertEquals([said, test.source], [["unknown", "TestUnsound"], null]);
  }
});

Deno.test("testTarget() writes data again if the errno may come from the host", async () => {
  for (const errno of ["ENOMEM", "EAGAIN", "EBUSY", "EIO", "ENODEV", "ETIMEDOUT"]) {
    const once = await testWith({ behaviour: failing(1, errno) });
    assertEquals(once.said, ["compatible", "DriverAccepted"], errno);
    const no = await testWith({ behaviour: failing(1, errno), from: OTHER });
    assertEquals(no.said, ["incompatible", "DriverRefused"], errno);
  }
});

Deno.test("testTarget() repeats a call that a signal interrupted", async () => {
  for (const call of ["write", "read"] as const) {
    const { said } = await testWith({ faults: [{ call, errno: "EINTR", times: 3 }] });
    assertEquals(said, ["compatible", "DriverAccepted"], call);
  }
  assertEquals((await testWith({ behaviour: failing(3, "EINTR") })).said[0], "compatible");
});

Deno.test("testTarget() without controls writes the device's own data if an errno is unclear", async () => {
  const short: Behaviour = (buffer, pass) => {
    // Like a driver that has room only for its own data.
    try {
      return pass(buffer);
    } catch {
      return refuse("ENOMEM");
    }
  };
  for (const controls of ["make", "remembered"] as const) {
    const { said, test } = await testWith({ from: OTHER, behaviour: short, controls });
    assertEquals([said, test.own?.is], [["incompatible", "DriverRefused"], "taken"]);
  }
  const off = await testWith({ from: OTHER, behaviour: short, controls: "off" });
  assertEquals([off.said, off.test.own], [["unknown", "RefusalUnclear"], null]);
  const broken = await testWith({ behaviour: always("ENOMEM"), controls: "remembered" });
  assertEquals(broken.said, ["unknown", "TestUnsound"]);
});

Deno.test("testTarget() stops at once if the device's state cannot be read after a write", async () => {
  const { said, test, problems } = await testWith({ break: true });
  assertEquals(problems, ["needs-reset"]);
  assertEquals([test.own?.is, test.altered, test.source], ["taken", [], null]);
  assertEquals(said, ["unknown", "TestFailed"]);
});
