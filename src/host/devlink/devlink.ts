import {
  DEVLINK_ATTR_BUS_NAME,
  DEVLINK_ATTR_DEV_NAME,
  DEVLINK_ATTR_INFO_DRIVER_NAME,
  DEVLINK_ATTR_INFO_SERIAL_NUMBER,
  DEVLINK_ATTR_INFO_VERSION_FIXED,
  DEVLINK_ATTR_INFO_VERSION_NAME,
  DEVLINK_ATTR_INFO_VERSION_RUNNING,
  DEVLINK_ATTR_INFO_VERSION_STORED,
  DEVLINK_ATTR_INFO_VERSION_VALUE,
  DEVLINK_ATTR_PORT_EXTERNAL,
  DEVLINK_ATTR_PORT_FLAVOUR,
  DEVLINK_ATTR_PORT_FUNCTION,
  DEVLINK_ATTR_PORT_INDEX,
  DEVLINK_ATTR_PORT_PCI_PF_NUMBER,
  DEVLINK_ATTR_PORT_PCI_VF_NUMBER,
  DEVLINK_CMD_INFO_GET,
  DEVLINK_CMD_PORT_GET,
  DEVLINK_GENL_VERSION,
  DEVLINK_PORT_FN_ATTR_CAPS,
  DEVLINK_PORT_FN_CAP_MIGRATABLE,
} from "../../../ffi/devlink.ts";
import { SysError } from "../../../ffi/errno.ts";
import { type GenericFamily, openGenericFamily } from "../../../ffi/genetlink.ts";
import {
  encodeText,
  findAttribute,
  type NetlinkAttribute,
  parseAttributes,
  parseBit,
  parseText,
  parseUnsigned,
} from "../../../ffi/netlink_message.ts";
import type { Syscalls } from "../../../ffi/syscalls.ts";
import { Failure } from "../../documents/mod.ts";

/** The devlink name of a device: `{ bus: "pci", name: "0000:41:00.0" }`. */
export interface DevlinkAddress {
  bus: string;
  name: string;
}

/** Versions by name, in the driver's order. Source: devlink-info.rst. */
export interface DevlinkVersions {
  /** Cannot change: board and chip. */
  fixed: Record<string, string>;
  running: Record<string, string>;
  /** In flash; runs after the next reset. */
  stored: Record<string, string>;
}

/** A port of the device's switch. Null for what its driver does not report. */
export interface DevlinkPort {
  index: number | null;
  /** `DEVLINK_PORT_FLAVOUR_*`. */
  flavour: number | null;
  pfNumber: number | null;
  vfNumber: number | null;
  /** Whether the function belongs to another machine. */
  external: boolean;
  /** Whether the administrator allowed migration of the function. */
  migratable: boolean | null;
}

/** What devlink reports about a device. */
export interface Devlink {
  driver: string | null;
  serialNumber: string | null;
  versions: DevlinkVersions;
  /** Empty unless requested. */
  ports: DevlinkPort[];
}

/** The name is `DEVLINK_GENL_NAME`. */
const FAMILY = { name: "devlink", version: DEVLINK_GENL_VERSION };

/**
 * Errnos that mean absence: no netlink here, no devlink in this kernel (ENOENT), no such device in devlink or in this
 * network namespace (ENODEV), a driver that reports nothing, no permission.
 */
const ABSENT: readonly string[] = [
  "EAFNOSUPPORT",
  "EPROTONOSUPPORT",
  "ENOENT",
  "ENODEV",
  "EOPNOTSUPP",
  "EPERM",
  "EACCES",
];

/**
 * What devlink reports about a device, or null if it does not know the device or may not be asked.
 *
 * Source: generic netlink, `DEVLINK_CMD_INFO_GET` (5.1) and, with `ports`, a dump of `DEVLINK_CMD_PORT_GET`. Effect:
 * none. Opens no device node, but the device's driver queries its firmware. Throws a {@link Failure} on any other errno
 * and on a malformed answer.
 */
export function readDevlink(
  sys: Syscalls,
  address: DevlinkAddress,
  { ports = false }: { ports?: boolean } = {},
): Devlink | null {
  try {
    using family = openGenericFamily(sys, FAMILY);
    const info = askInfo(family, address);
    return { ...info, ports: ports ? askPorts(family, address) : [] };
  } catch (error) {
    if (isAbsent(error)) return null;
    throw unanswered(error, address);
  }
}

function askInfo(family: GenericFamily, address: DevlinkAddress): Omit<Devlink, "ports"> {
  const answer = family.ask({
    name: "DEVLINK_CMD_INFO_GET",
    cmd: DEVLINK_CMD_INFO_GET,
    attributes: encodeAddress(address),
  });
  return parseInfo(answer[0] ?? []);
}

/** Kernels before 6.6 return the ports of all devices. Ports of other devices are dropped here. */
function askPorts(family: GenericFamily, address: DevlinkAddress): DevlinkPort[] {
  try {
    const answer = family.ask({
      name: "DEVLINK_CMD_PORT_GET",
      cmd: DEVLINK_CMD_PORT_GET,
      attributes: encodeAddress(address),
      dump: true,
    });
    return answer.filter((attributes) => isOf(attributes, address)).map(parsePort);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

/** Parses an answer to `DEVLINK_CMD_INFO_GET`. Throws a RangeError if it is malformed. */
export function parseInfo(attributes: readonly NetlinkAttribute[]): Omit<Devlink, "ports"> {
  return {
    driver: textOf(attributes, DEVLINK_ATTR_INFO_DRIVER_NAME),
    serialNumber: textOf(attributes, DEVLINK_ATTR_INFO_SERIAL_NUMBER),
    versions: {
      fixed: versionsOf(attributes, DEVLINK_ATTR_INFO_VERSION_FIXED),
      running: versionsOf(attributes, DEVLINK_ATTR_INFO_VERSION_RUNNING),
      stored: versionsOf(attributes, DEVLINK_ATTR_INFO_VERSION_STORED),
    },
  };
}

/** Parses a message of `DEVLINK_CMD_PORT_GET`. Throws a RangeError if it is malformed. */
export function parsePort(attributes: readonly NetlinkAttribute[]): DevlinkPort {
  const number = (type: number) => {
    const payload = findAttribute(attributes, type);
    return payload === null ? null : parseUnsigned(payload);
  };
  const about = findAttribute(attributes, DEVLINK_ATTR_PORT_FUNCTION);
  const caps = about === null
    ? null
    : findAttribute(parseAttributes(about), DEVLINK_PORT_FN_ATTR_CAPS);
  return {
    index: number(DEVLINK_ATTR_PORT_INDEX),
    flavour: number(DEVLINK_ATTR_PORT_FLAVOUR),
    pfNumber: number(DEVLINK_ATTR_PORT_PCI_PF_NUMBER),
    vfNumber: number(DEVLINK_ATTR_PORT_PCI_VF_NUMBER),
    external: number(DEVLINK_ATTR_PORT_EXTERNAL) === 1,
    migratable: caps === null ? null : parseBit(caps, DEVLINK_PORT_FN_CAP_MIGRATABLE),
  };
}

/** Each version is an attribute of its own. One without a name or a value is dropped. */
function versionsOf(
  attributes: readonly NetlinkAttribute[],
  type: number,
): Record<string, string> {
  const pairs = attributes.filter((attribute) => attribute.type === type).map(({ payload }) => {
    const version = parseAttributes(payload);
    return [
      textOf(version, DEVLINK_ATTR_INFO_VERSION_NAME),
      textOf(version, DEVLINK_ATTR_INFO_VERSION_VALUE),
    ] as const;
  });
  return Object.fromEntries(
    pairs.filter((pair): pair is [string, string] => pair[0] !== null && pair[1] !== null),
  );
}

function textOf(attributes: readonly NetlinkAttribute[], type: number): string | null {
  const payload = findAttribute(attributes, type);
  return payload === null ? null : parseText(payload);
}

function encodeAddress({ bus, name }: DevlinkAddress) {
  return [encodeText(DEVLINK_ATTR_BUS_NAME, bus), encodeText(DEVLINK_ATTR_DEV_NAME, name)];
}

function isOf(attributes: readonly NetlinkAttribute[], { bus, name }: DevlinkAddress): boolean {
  return textOf(attributes, DEVLINK_ATTR_BUS_NAME) === bus &&
    textOf(attributes, DEVLINK_ATTR_DEV_NAME) === name;
}

function isAbsent(error: unknown): boolean {
  return error instanceof SysError && ABSENT.includes(error.code);
}

function unanswered(cause: unknown, { bus, name }: DevlinkAddress): unknown {
  const subject = `${bus}/${name}`;
  if (cause instanceof SysError) {
    const why = `kernel answered ${cause.code} (${cause.errno}) to ${cause.call}`;
    return new Failure("kernel", `Cannot query devlink for ${subject}: ${why}`, { subject, cause });
  }
  if (cause instanceof RangeError) {
    return new Failure("kernel", `Cannot query devlink for ${subject}: the answer is malformed`, {
      subject,
      cause,
    });
  }
  return cause;
}
