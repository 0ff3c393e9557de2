/** The kernel's devlink for tests. It answers in bytes. */
import {
  DEVLINK_ATTR_BUS_NAME,
  DEVLINK_ATTR_DEV_NAME,
  DEVLINK_ATTR_INFO_DRIVER_NAME,
  DEVLINK_ATTR_INFO_SERIAL_NUMBER,
  DEVLINK_ATTR_INFO_VERSION_NAME,
  DEVLINK_ATTR_INFO_VERSION_VALUE,
  DEVLINK_ATTR_PORT_EXTERNAL,
  DEVLINK_ATTR_PORT_FLAVOUR,
  DEVLINK_ATTR_PORT_FUNCTION,
  DEVLINK_ATTR_PORT_INDEX,
  DEVLINK_ATTR_PORT_PCI_PF_NUMBER,
  DEVLINK_ATTR_PORT_PCI_VF_NUMBER,
  DEVLINK_CMD_INFO_GET,
  DEVLINK_PORT_FN_ATTR_CAPS,
  DEVLINK_PORT_FN_CAP_MIGRATABLE,
} from "../../../ffi/devlink.ts";
import { findAttribute, parseText } from "../../../ffi/netlink_message.ts";
import {
  bitfield,
  type FakeNetlink,
  fakeNetlink,
  nested,
  text,
  u16,
  u32,
  u8,
} from "../../../ffi/netlink_testing.ts";
import type { Bytes } from "../../../ffi/syscalls.ts";

/** The attributes of a device's answers, or the errno to return. */
export interface FakeDevice {
  info: readonly Bytes[] | string;
  /** One entry for each port, or the errno to return for a port request. */
  ports?: readonly (readonly Bytes[])[] | string;
}

/** Devices by bus and name: `pci/0000:41:00.0`. `filters`: whether a dump can be limited to one device (6.6). */
export function fakeDevlink(
  devices: Readonly<Record<string, FakeDevice>>,
  { filters = true } = {},
): FakeNetlink {
  return fakeNetlink({
    name: "devlink",
    answer({ cmd, attributes }) {
      const of = (type: number) => parseText(findAttribute(attributes, type)!);
      const asked = `${of(DEVLINK_ATTR_BUS_NAME)}/${of(DEVLINK_ATTR_DEV_NAME)}`;
      const device = devices[asked];
      if (device === undefined) return "ENODEV";
      if (cmd === DEVLINK_CMD_INFO_GET) {
        return typeof device.info === "string" ? device.info : [[...handle(asked), ...device.info]];
      }
      if (typeof device.ports === "string") return device.ports;
      return Object.entries(devices)
        .filter(([name]) => !filters || name === asked)
        .flatMap(([name, { ports = [] }]) =>
          typeof ports === "string" ? [] : ports.map((port) => [...handle(name), ...port])
        );
    },
  });
}

function handle(name: string): Bytes[] {
  const [bus, device] = name.split("/") as [string, string];
  return [text(DEVLINK_ATTR_BUS_NAME, bus), text(DEVLINK_ATTR_DEV_NAME, device)];
}

/** An info: driver, serial number, and versions as `[type, name, value]`. */
export function info(
  driver: string,
  serial: string | null,
  versions: readonly (readonly [type: number, name: string, value: string])[],
): Bytes[] {
  return [
    text(DEVLINK_ATTR_INFO_DRIVER_NAME, driver),
    ...serial === null ? [] : [text(DEVLINK_ATTR_INFO_SERIAL_NUMBER, serial)],
    ...versions.map(([type, name, value]) =>
      nested(type, [
        text(DEVLINK_ATTR_INFO_VERSION_NAME, name),
        text(DEVLINK_ATTR_INFO_VERSION_VALUE, value),
      ])
    ),
  ];
}

/** The port of a virtual function. `migratable` is null if the driver does not report it. */
export function port(
  index: number,
  { flavour, vf, migratable, external = false }: {
    flavour: number;
    vf: number;
    migratable: boolean | null;
    external?: boolean;
  },
): Bytes[] {
  const bit = DEVLINK_PORT_FN_CAP_MIGRATABLE;
  // Bit 0 is RoCE. It is on, as mlx5 reports for every function.
  const [value, selector] = migratable === null ? [1, 1] : [migratable ? 1 | bit : 1, 1 | bit];
  return [
    u32(DEVLINK_ATTR_PORT_INDEX, index),
    u16(DEVLINK_ATTR_PORT_FLAVOUR, flavour),
    u16(DEVLINK_ATTR_PORT_PCI_PF_NUMBER, 0),
    u16(DEVLINK_ATTR_PORT_PCI_VF_NUMBER, vf),
    u8(DEVLINK_ATTR_PORT_EXTERNAL, external ? 1 : 0),
    nested(DEVLINK_ATTR_PORT_FUNCTION, [bitfield(DEVLINK_PORT_FN_ATTR_CAPS, value, selector)]),
  ];
}
