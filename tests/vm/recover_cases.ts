import { assert, assertEquals } from "@std/assert";
import { openLibc } from "../../ffi/libc.ts";
import { openDevice, setState } from "../../src/device/mod.ts";
import { readMigrationStates, THIS_HOST } from "../../src/host/mod.ts";
import type { VmCase } from "./case.ts";
import {
  askProgram,
  deviceNamed,
  FRESH,
  isThere,
  MTTY_2,
  MTTY_2_IDLE,
  runProgram,
  until,
} from "./machine.ts";
import { call, startServer } from "./server.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

const STATE = `/sys/kernel/debug/vfio/${MTTY_2_IDLE}/migration/state`;
const skip = () => isThere(STATE) ? null : "the kernel does not show the state";

async function stateOf(id: string): Promise<string | null> {
  return (await readMigrationStates(THIS_HOST, [id])).get(id) ?? null;
}

/** Leaves a device in RESUMING, as QEMU does after a load that failed: mtty keeps its state over the last close. */
function spoil(id: string): void {
  using sys = openLibc();
  const opened = openDevice(sys, THIS_HOST, deviceNamed(id));
  assert(opened.kind === "open", opened.kind);
  using handle = opened.handle;
  const stream = setState(handle, "resuming");
  if (stream !== null) sys.close(stream);
}

const named = ({ devices }: Json, id: string) => devices.find((device: Json) => device.id === id);

/** Cases about devices that an earlier user left in another state than RUNNING. */
export const RECOVER_CASES: readonly VmCase[] = [
  {
    name: "a device that was left in RESUMING is found, and recover resets it",
    skip,
    async run() {
      const options = [...FRESH(), "--probe=never"];
      assertEquals(await stateOf(MTTY_2_IDLE), "running");
      spoil(MTTY_2_IDLE);
      assertEquals(await stateOf(MTTY_2_IDLE), "resuming");
      const listed = await askProgram(["devices", "--json", ...options]);
      const { state, trouble } = named(listed, MTTY_2_IDLE);
      assertEquals([state, trouble.code], ["resuming", "not-running"]);
      assertEquals(named(listed, MTTY_2).trouble, null);
      const doctor = await askProgram(["doctor", MTTY_2_IDLE, "--json", ...options], 1);
      const [finding] = doctor.devices[0].findings;
      assertEquals([finding.code, finding.remedy], [
        "NotRunning",
        `Run vfio-ask recover ${MTTY_2_IDLE}.`,
      ]);
      const { code, stdout, stderr } = await runProgram([
        "recover",
        MTTY_2_IDLE,
        ...FRESH().slice(2),
      ]);
      assertEquals(code, 0, stderr);
      assert(stdout.includes("resuming -> running"), stdout);
      assertEquals(await stateOf(MTTY_2_IDLE), "running");
      const after = await askProgram(["recover", MTTY_2_IDLE, "--json", ...FRESH().slice(2)]);
      assertEquals(after.devices[0].by, "nothing");
    },
  },
  {
    name: "a server refuses a device that was left in RESUMING, and resets it by itself",
    skip,
    async run() {
      await using server = await startServer(...FRESH());
      const device = async () => (await call(`${server.url}/v1/devices/${MTTY_2_IDLE}`)).json();
      await until("the device is known", async () => (await device()).state === "running");
      spoil(MTTY_2_IDLE);
      // Each request takes a look if the last one is not fresh.
      await until("it is in RUNNING", async () => {
        await device();
        return await stateOf(MTTY_2_IDLE) === "running";
      });
      await until("it is offered again", async () => (await device()).trouble === null);
      assertEquals(await server.stop(), 0);
    },
  },
];
