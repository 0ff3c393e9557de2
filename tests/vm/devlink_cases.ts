import { assert, assertEquals } from "@std/assert";
import {
  DEVLINK_ATTR_BUS_NAME,
  DEVLINK_ATTR_DEV_NAME,
  DEVLINK_GENL_VERSION,
  DEVLINK_PORT_FLAVOUR_PCI_VF,
} from "../../ffi/devlink.ts";
import { openGenericFamily } from "../../ffi/genetlink.ts";
import { openLibc } from "../../ffi/libc.ts";
import { encodeText } from "../../ffi/netlink_message.ts";
import { attribute } from "../../ffi/netlink_testing.ts";
import { firmwareOf, migratableOf, readDevlink } from "../../src/host/devlink/mod.ts";
import type { VmCase } from "./case.ts";
import { askProgram, VFS } from "./machine.ts";

/** The bus of netdevsim, a driver for tests. Its devices have only devlink and a net device. */
const BUS = "/sys/bus/netdevsim";
const NAME = "netdevsim1";
const ADDRESS = { bus: "netdevsim", name: NAME };
/** The command that creates the ports of virtual functions. Source: `enum devlink_command`, `enum devlink_attr`. */
const DEVLINK_CMD_ESWITCH_SET = 30;
const DEVLINK_ATTR_ESWITCH_MODE = 25;
const DEVLINK_ESWITCH_MODE_SWITCHDEV = 1;

/** Loads netdevsim from the image or from the job's folder; returns why that is not possible, or null. */
function withoutNetdevsim(): string | null {
  const load = (program: string, args: string[]) =>
    new Deno.Command(program, { args, stderr: "null" }).outputSync().success;
  if (exists(BUS) || load("modprobe", ["netdevsim"])) return null;
  const dependency = "/job/psample.ko";
  if (exists(dependency)) load("insmod", [dependency]);
  const module = "/job/netdevsim.ko";
  if (exists(module) && load("insmod", [module])) return null;
  return "this kernel has no netdevsim";
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Runs a case with a netdevsim device that has one port. */
function withNetdevsim(run: () => void): void {
  Deno.writeTextFileSync(`${BUS}/new_device`, "1 1");
  try {
    run();
  } finally {
    Deno.writeTextFileSync(`${BUS}/del_device`, "1");
  }
}

function makeVirtualFunctions(count: number): void {
  Deno.writeTextFileSync(`${BUS}/devices/${NAME}/sriov_numvfs`, `${count}`);
  using sys = openLibc();
  using family = openGenericFamily(sys, { name: "devlink", version: DEVLINK_GENL_VERSION });
  family.ask({
    name: "DEVLINK_CMD_ESWITCH_SET",
    cmd: DEVLINK_CMD_ESWITCH_SET,
    attributes: [
      encodeText(DEVLINK_ATTR_BUS_NAME, ADDRESS.bus),
      encodeText(DEVLINK_ATTR_DEV_NAME, ADDRESS.name),
      attribute(DEVLINK_ATTR_ESWITCH_MODE, Uint8Array.of(DEVLINK_ESWITCH_MODE_SWITCHDEV, 0)),
    ],
  });
}

export const DEVLINK_CASES: readonly VmCase[] = [
  {
    name:
      "devlink: driver, firmware and ports of netdevsim match sysfs, and disappear with the device",
    skip: withoutNetdevsim,
    run() {
      using sys = openLibc();
      withNetdevsim(() => {
        const found = readDevlink(sys, ADDRESS, { ports: true })!;
        const driver = Deno.readLinkSync(`${BUS}/devices/${NAME}/driver`).split("/").at(-1)!;
        assertEquals([found.driver, found.serialNumber], [driver, null]);
        assertEquals(found.versions, {
          fixed: {},
          running: { "fw.mgmt": "10.20.30" },
          stored: { "fw.mgmt": "10.20.30" },
        });
        assertEquals(firmwareOf(found.versions), "10.20.30");
        const netdevs = [...Deno.readDirSync(`${BUS}/devices/${NAME}/net`)];
        assertEquals(found.ports.length, netdevs.length);
        assertEquals(readDevlink(sys, { ...ADDRESS, name: "netdevsim2" }), null);
      });
      assertEquals(readDevlink(sys, ADDRESS), null);
    },
  },
  {
    name: "devlink: each virtual function has its own port, in a dump that takes several reads",
    skip: withoutNetdevsim,
    run() {
      // One read holds a few dozen ports.
      const count = 256;
      using sys = openLibc();
      withNetdevsim(() => {
        Deno.writeTextFileSync(`/sys/kernel/debug/netdevsim/${NAME}/max_vfs`, `${count}`);
        makeVirtualFunctions(count);
        const { ports } = readDevlink(sys, ADDRESS, { ports: true })!;
        const functions = ports.filter(({ flavour }) => flavour === DEVLINK_PORT_FLAVOUR_PCI_VF);
        const numbers = functions.map(({ vfNumber }) => vfNumber).sort((a, b) => a! - b!);
        assertEquals(numbers, Array.from({ length: count }, (_, i) => i));
        for (const { pfNumber, external } of functions) {
          assertEquals([pfNumber, external], [0, false]);
        }
        // netdevsim does not report whether functions are migratable; a patched build reports even ones as migratable.
        const told = functions.some(({ migratable }) => migratable !== null);
        for (const vf of [0, 1, 2, 255]) {
          assertEquals(migratableOf(ports, vf), told ? vf % 2 === 0 : null);
        }
        const started = performance.now();
        readDevlink(sys, ADDRESS, { ports: true });
        const withPorts = performance.now() - started;
        readDevlink(sys, ADDRESS);
        const alone = performance.now() - started - withPorts;
        console.log(
          `devlink: ${alone.toFixed(1)} ms, with ${count} ports ${withPorts.toFixed(1)} ms`,
        );
      });
    },
  },
  {
    name: "devlink: probe declares nothing for a function whose driver has no devlink",
    sample: true,
    async run() {
      const { devices } = await askProgram(["probe", "--json", ...VFS]);
      assert(devices.length > 0);
      for (const { outcome, capabilities } of devices) {
        assertEquals(outcome, "answered");
        assertEquals(capabilities.declared, { firmware: null, migratable: null });
        assertEquals(capabilities.problems, []);
      }
    },
  },
];
