import { assertEquals, assertThrows } from "@std/assert";
import {
  DEVLINK_ATTR_INFO_VERSION_FIXED,
  DEVLINK_ATTR_INFO_VERSION_NAME,
  DEVLINK_ATTR_INFO_VERSION_RUNNING,
  DEVLINK_ATTR_INFO_VERSION_STORED,
  DEVLINK_ATTR_PORT_FUNCTION,
  DEVLINK_PORT_FLAVOUR_PCI_VF,
} from "../../../ffi/devlink.ts";
import { openLibc } from "../../../ffi/libc.ts";
import { parseAttributes } from "../../../ffi/netlink_message.ts";
import { fakeNetlink, join, nested, padded, text, u16 } from "../../../ffi/netlink_testing.ts";
import type { Bytes } from "../../../ffi/syscalls.ts";
import { Failure } from "../../documents/mod.ts";
import { injectFaults } from "../../../tests/fixtures/inject_faults.ts";
import { parseInfo, parsePort, readDevlink } from "./devlink.ts";
import { fakeDevlink, info, port } from "./devlink_testing.ts";

const FIXED = DEVLINK_ATTR_INFO_VERSION_FIXED;
const RUNNING = DEVLINK_ATTR_INFO_VERSION_RUNNING;
const STORED = DEVLINK_ATTR_INFO_VERSION_STORED;
const flavour = DEVLINK_PORT_FLAVOUR_PCI_VF;
const ADDRESS = { bus: "pci", name: "0000:b5:00.0" };

const PDS_CORE = info("pds_core", "FLM18420073", [
  [STORED, "fw.goldfw", "1.5.0"],
  [STORED, "fw.mainfwa", "1.60.0-73"],
  [RUNNING, "fw", "1.60.0-73"],
  [FIXED, "asic.id", "0x0"],
  [FIXED, "asic.rev", "0x0"],
]);

Deno.test("readDevlink() returns the driver, the serial number and the versions by type", () => {
  const sys = fakeDevlink({ "pci/0000:b5:00.0": { info: PDS_CORE } });
  assertEquals(readDevlink(sys, ADDRESS), {
    driver: "pds_core",
    serialNumber: "FLM18420073",
    versions: {
      fixed: { "asic.id": "0x0", "asic.rev": "0x0" },
      running: { fw: "1.60.0-73" },
      stored: { "fw.goldfw": "1.5.0", "fw.mainfwa": "1.60.0-73" },
    },
    ports: [],
  });
  assertEquals(sys.asked.map(({ dump }) => dump), [false]);
  assertEquals(sys.openSockets, 0);
});

for (const filters of [true, false]) {
  Deno.test(`readDevlink() returns only the device's own ports if a dump covers ${filters ? "it" : "all"}`, () => {
    const sys = fakeDevlink({
      "pci/0000:b5:00.0": {
        info: info("mlx5_core", null, []),
        ports: [
          port(1, { flavour, vf: 0, migratable: true }),
          port(2, { flavour, vf: 1, migratable: false }),
          port(3, { flavour, vf: 2, migratable: null, external: true }),
        ],
      },
      "pci/0000:b5:00.1": {
        info: info("mlx5_core", null, []),
        ports: [port(9, { flavour, vf: 0, migratable: false })],
      },
    }, { filters });
    const { ports } = readDevlink(sys, ADDRESS, { ports: true })!;
    const shared = { flavour, pfNumber: 0 };
    assertEquals(ports, [
      { ...shared, index: 1, vfNumber: 0, external: false, migratable: true },
      { ...shared, index: 2, vfNumber: 1, external: false, migratable: false },
      { ...shared, index: 3, vfNumber: 2, external: true, migratable: null },
    ]);
  });
}

Deno.test("readDevlink() is null for a device that devlink does not know or has no data on", () => {
  const sys = fakeDevlink({ "pci/0000:b5:00.0": { info: "EOPNOTSUPP" } });
  assertEquals(readDevlink(sys, ADDRESS), null);
  assertEquals(readDevlink(sys, { bus: "pci", name: "0000:b5:00.1" }), null);
  assertEquals(readDevlink(sys, { bus: "auxiliary", name: "0000:b5:00.0" }), null);
  assertEquals(sys.openSockets, 0);
});

Deno.test("readDevlink() is null if the kernel has no devlink", () => {
  assertEquals(readDevlink(fakeNetlink(null), ADDRESS), null);
});

for (const errno of ["EAFNOSUPPORT", "EPROTONOSUPPORT", "EPERM", "EACCES"]) {
  Deno.test(`readDevlink() is null if a socket fails with ${errno}`, () => {
    const sys = injectFaults(fakeNetlink(null), [{ call: "socket", errno }]);
    assertEquals(readDevlink(sys, ADDRESS), null);
  });
}

Deno.test("readDevlink() has no ports if the kernel denies the request", () => {
  const sys = fakeDevlink({ "pci/0000:b5:00.0": { info: PDS_CORE, ports: "EOPNOTSUPP" } });
  assertEquals(readDevlink(sys, ADDRESS, { ports: true })?.ports, []);
});

Deno.test("readDevlink() throws any other errno with the device and the command", () => {
  for (const fake of [{ info: "EIO" }, { info: PDS_CORE, ports: "EIO" }]) {
    const sys = fakeDevlink({ "pci/0000:b5:00.0": fake });
    const failure = assertThrows(() => readDevlink(sys, ADDRESS, { ports: true }), Failure);
    const command = fake.info === "EIO" ? "INFO_GET" : "PORT_GET";
    assertEquals(
      failure.message,
      `Cannot query devlink for pci/0000:b5:00.0: kernel answered EIO (5) to DEVLINK_CMD_${command}`,
    );
    assertEquals([failure.code, failure.subject], ["kernel", "pci/0000:b5:00.0"]);
    assertEquals(sys.openSockets, 0);
  }
});

Deno.test("readDevlink() throws on a malformed answer", () => {
  const cut = nested(RUNNING, [text(DEVLINK_ATTR_INFO_VERSION_NAME, "fw")]).slice();
  cut[4] = 200;
  const sys = fakeDevlink({ "pci/0000:b5:00.0": { info: [cut] } });
  const failure = assertThrows(() => readDevlink(sys, ADDRESS), Failure, "is malformed");
  assertEquals(failure.cause instanceof RangeError, true);
});

Deno.test("parseInfo() drops a version without a name or a value, and requires no version", () => {
  const nameless = nested(RUNNING, [text(DEVLINK_ATTR_INFO_VERSION_NAME, "fw")]);
  assertEquals(parseInfo(parseAttributes(nameless)).versions.running, {});
  const versions = { fixed: {}, running: {}, stored: {} };
  assertEquals(parseInfo([]), { driver: null, serialNumber: null, versions });
});

Deno.test("parseInfo() accepts any version name", () => {
  const bytes = info("x", null, [[RUNNING, "__proto__", "1"], [RUNNING, "7", "2"]]);
  const { running } = parseInfo(parseAttributes(join(bytes.map(padded)))).versions;
  assertEquals(Object.keys(running).sort(), ["7", "__proto__"]);
});

Deno.test("parsePort() is null for what a driver leaves out", () => {
  assertEquals(parsePort([]), {
    index: null,
    flavour: null,
    pfNumber: null,
    vfNumber: null,
    external: false,
    migratable: null,
  });
  const empty = nested(DEVLINK_ATTR_PORT_FUNCTION, []);
  assertEquals(parsePort(parseAttributes(empty)).migratable, null);
});

Deno.test("parseInfo() and parsePort() end on any bytes with an answer or a RangeError", () => {
  const whole: Bytes = join([
    ...PDS_CORE,
    ...port(1, { flavour, vf: 0, migratable: true }),
    u16(77, 4),
  ].map(padded));
  let state = 7;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
  };
  for (let round = 0; round < 5000; round++) {
    const bytes = whole.slice(0, random(4) === 0 ? random(whole.length) : whole.length);
    for (let i = random(6); i > 0 && bytes.length > 0; i--) {
      bytes[random(bytes.length)] = random(2) === 0 ? random(16) : random(256);
    }
    for (const parse of [parseInfo, parsePort]) {
      try {
        parse(parseAttributes(bytes));
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    }
  }
});

Deno.test("readDevlink() asks the real kernel for a device that cannot exist", () => {
  using sys = openLibc();
  assertEquals(readDevlink(sys, { bus: "none", name: "none" }, { ports: true }), null);
});
