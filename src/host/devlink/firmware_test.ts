import { assertEquals } from "@std/assert";
import {
  DEVLINK_ATTR_INFO_VERSION_FIXED,
  DEVLINK_ATTR_INFO_VERSION_RUNNING,
  DEVLINK_ATTR_INFO_VERSION_STORED,
  DEVLINK_PORT_FLAVOUR_PCI_VF,
} from "../../../ffi/devlink.ts";
import type { DevlinkPort } from "./devlink.ts";
import { fakeDevlink, info, port } from "./devlink_testing.ts";
import { firmwareOf, migratableOf, readDeclared } from "./firmware.ts";

/** Running versions in the order drivers list them, and the one that is chosen. */
const RUNNING: readonly (readonly [driver: string, names: string[], chosen: string | null])[] = [
  ["pds_core", ["fw"], "fw"],
  ["mlx5_core", ["fw.version", "fw"], "fw"],
  ["older mlx5_core", ["fw.version"], "fw.version"],
  ["bnxt_en", ["fw.psid", "fw", "fw.mgmt", "fw.mgmt.api"], "fw"],
  ["ice", ["fw.mgmt", "fw.mgmt.api", "fw.mgmt.build", "fw.undi", "fw.psid.api"], "fw.mgmt"],
  ["netdevsim", ["fw.mgmt"], "fw.mgmt"],
  ["a driver without firmware", ["board.rev", "fwx"], null],
  ["a driver that reports nothing", [], null],
];

for (const [driver, names, chosen] of RUNNING) {
  Deno.test(`firmwareOf() ${driver} is ${chosen}`, () => {
    const running = Object.fromEntries(names.map((name) => [name, `value of ${name}`]));
    const versions = { fixed: { "fw.psid": "fixed" }, running, stored: { fw: "stored" } };
    assertEquals(firmwareOf(versions), chosen === null ? null : `value of ${chosen}`);
  });
}

const vf = (vfNumber: number, rest: Partial<DevlinkPort> = {}): DevlinkPort => ({
  index: 1,
  flavour: DEVLINK_PORT_FLAVOUR_PCI_VF,
  pfNumber: 0,
  vfNumber,
  external: false,
  migratable: true,
  ...rest,
});

Deno.test("migratableOf() uses the one port of that virtual function on this machine", () => {
  assertEquals(migratableOf([vf(0, { migratable: false }), vf(1)], 1), true);
  assertEquals(migratableOf([vf(0, { migratable: false }), vf(1)], 0), false);
  assertEquals(migratableOf([vf(0, { external: true }), vf(0, { migratable: false })], 0), false);
  assertEquals(migratableOf([vf(1, { flavour: 7 })], 1), null);
  assertEquals(migratableOf([vf(1, { migratable: null })], 1), null);
  assertEquals(migratableOf([vf(1), vf(1, { pfNumber: 1 })], 1), null);
  assertEquals(migratableOf([], 0), null);
});

const MLX5 = {
  info: info("mlx5_core", null, [
    [DEVLINK_ATTR_INFO_VERSION_FIXED, "fw.psid", "MT_0000000359"],
    [DEVLINK_ATTR_INFO_VERSION_RUNNING, "fw.version", "22.41.1000"],
    [DEVLINK_ATTR_INFO_VERSION_STORED, "fw.version", "22.43.2026"],
  ]),
  ports: [
    port(1, { flavour: DEVLINK_PORT_FLAVOUR_PCI_VF, vf: 0, migratable: false }),
    port(2, { flavour: DEVLINK_PORT_FLAVOUR_PCI_VF, vf: 1, migratable: true }),
  ],
};

Deno.test("readDeclared() gives a virtual function its physical function's firmware and its own port", () => {
  const sys = fakeDevlink({ "pci/0000:c1:00.0": MLX5 });
  const of = (virtualFunction: number | null) =>
    readDeclared(sys, { physicalFunction: "0000:c1:00.0", virtualFunction });
  const declared = {
    firmware: "22.41.1000",
    versions: {
      fixed: { "fw.psid": "MT_0000000359" },
      running: { "fw.version": "22.41.1000" },
      stored: { "fw.version": "22.43.2026" },
    },
  };
  assertEquals(of(1), { ...declared, migratable: true });
  assertEquals(of(0), { ...declared, migratable: false });
  assertEquals(of(null), { ...declared, migratable: null });
  // Ports are requested only for a virtual function.
  assertEquals(sys.asked.map(({ dump }) => dump), [false, true, false, true, false]);
});

Deno.test("readDeclared() is null if devlink has no data", () => {
  const declared = readDeclared(fakeDevlink({}), {
    physicalFunction: "0000:c1:00.0",
    virtualFunction: 3,
  });
  assertEquals(declared, { firmware: null, migratable: null });
});
