import { type DeviceOptions, formatPciAddress, parsePciAddress } from "../documents/mod.ts";
import { isProperty, parseOnOffAuto, PROPERTIES } from "./device_options.ts";

/** A VFIO device on the command line of QEMU. */
export interface CommandLineDevice {
  /** The name of the device on the host; null if QEMU was given an open file instead. */
  id: string | null;
  /** The number of the file that QEMU was given. */
  fd: number | null;
  /** The ID of the device in QEMU. */
  alias: string | null;
  options: DeviceOptions;
}

/** What the command line of QEMU says about the machine and its VFIO devices. */
export interface CommandLine {
  name: string | null;
  uuid: string | null;
  /** As given: a versioned type, or an alias such as `q35`. */
  machineType: string | null;
  /** Whether QEMU was started to receive a migration. */
  incoming: boolean;
  devices: CommandLineDevice[];
}

/** The value of an option: its parts by name. JSON can have other values than text. */
type Parts = ReadonlyMap<string, unknown>;

/** The arguments whose value decides, and the name of the first part without a name. */
const OPTIONS = {
  name: "guest",
  uuid: "",
  machine: "type",
  M: "type",
  device: "driver",
  incoming: "",
  global: "driver",
  set: "",
  readconfig: "",
} as const;
type OptionName = keyof typeof OPTIONS;

/** The devices of VFIO. Source: `hw/vfio` of QEMU 10.0; the platform devices are gone since 10.2. */
const DEVICES = /^vfio-(pci|pci-nohotplug|ap|ccw|platform|calxeda-xgmac|amd-xgbe)(-device)?$/;

/** What a device below each bridge is. Source: `hw/pci-bridge` of QEMU 10.0. */
const BRIDGES: Readonly<Record<string, DeviceOptions["pciBus"]>> = {
  "pcie-root-port": "port",
  ioh3420: "port",
  "xio3130-downstream": "port",
  "pcie-pci-bridge": "conventional",
  "pci-bridge": "conventional",
  "i82801b11-bridge": "conventional",
};

/**
 * Reads the arguments of a process of QEMU. Pure. What it does not understand it leaves out, or says that it is unknown.
 *
 * Source: qemu(1) of QEMU 10.0, and `util/keyval.c`, `util/qemu-option.c` for the syntax.
 */
export function readCommandLine(args: readonly string[]): CommandLine {
  const given = listOptions(args);
  const last = (name: OptionName) => given.findLast((option) => option.name === name)?.value;
  const partsOf = (name: OptionName) => given.filter((option) => option.name === name);
  const machine = given.findLast(({ name, parts }) =>
    (name === "machine" || name === "M") && parts.has("type")
  );
  const machineType = textOf(machine?.parts.get("type"));
  const devices = partsOf("device").map(({ parts }) => parts);
  const settings = {
    globals: partsOf("global").map(({ value, parts }) => ({ value, parts })),
    sets: partsOf("set").map(({ value }) => value),
    hasConfig: last("readconfig") !== undefined,
  };
  return {
    name: textOf(given.findLast(({ name }) => name === "name")?.parts.get("guest")),
    uuid: readUuid(last("uuid")),
    machineType,
    incoming: last("incoming") !== undefined,
    devices: devices.flatMap((parts) => {
      const driver = textOf(parts.get("driver")) ?? "";
      if (!DEVICES.test(driver)) return [];
      const alias = textOf(parts.get("id"));
      const isPci = driver.startsWith("vfio-pci");
      return [{
        id: readId(parts),
        fd: readFd(parts),
        alias,
        options: {
          pciBus: isPci ? readPciBus(textOf(parts.get("bus")), devices, machineType) : null,
          backend: parts.has("iommufd") ? "iommufd" : settings.hasConfig ? null : "container",
          ...readProperties(parts, { driver, alias, ...settings }),
        },
      }];
    }),
  };
}

/** The options that decide, in order. An option may begin with two hyphens. */
function listOptions(
  args: readonly string[],
): { name: OptionName; value: string; parts: Parts }[] {
  const found: { name: OptionName; value: string; parts: Parts }[] = [];
  for (let at = 0; at + 1 < args.length; at++) {
    const name = /^--?(\w+)$/.exec(args[at]!)?.[1];
    if (name === undefined || !Object.hasOwn(OPTIONS, name)) continue;
    const value = args[++at]!;
    found.push({
      name: name as OptionName,
      value,
      parts: parseValue(value, OPTIONS[name as OptionName]),
    });
  }
  return found;
}

/** The parts of a value in JSON, or `name=value` separated by commas, where two commas stand for one. */
function parseValue(text: string, first: string): Parts {
  if (text.startsWith("{")) {
    try {
      return new Map(Object.entries(JSON.parse(text)));
    } catch {
      return new Map();
    }
  }
  const parts = new Map<string, unknown>();
  for (const [index, part] of splitAtCommas(text).entries()) {
    // The first part has a name only if no comma comes before its equals sign, not even a doubled one.
    const isNamed = index > 0 || text[text.search(/[=,]/)] === "=";
    const equals = isNamed ? part.indexOf("=") : -1;
    if (equals !== -1) parts.set(part.slice(0, equals), part.slice(equals + 1));
    else if (index === 0) parts.set(first, part);
    // A name alone is on, and with `no` before it off.
    else if (/^no./.test(part) && !parts.has(part)) parts.set(part.slice(2), "off");
    else parts.set(part, "on");
  }
  return parts;
}

function splitAtCommas(text: string): string[] {
  const parts: string[] = [];
  let part = "";
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== ",") part += text[at];
    else if (text[at + 1] === ",") part += text[at++];
    else parts.push(part), part = "";
  }
  return [...parts, part];
}

/** A UUID as libvirt and QEMU print it; null for another text. */
function readUuid(text: string | undefined): string | null {
  const uuid = text?.toLowerCase() ?? "";
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid) ? uuid : null;
}

/** The name of the device on the host: of `sysfsdev=`, or the address of `host=`. */
function readId(parts: Parts): string | null {
  const path = textOf(parts.get("sysfsdev"))?.replace(/\/+$/, "");
  if (path) return path.slice(path.lastIndexOf("/") + 1);
  const host = textOf(parts.get("host"));
  if (host === null) return null;
  // QEMU reads each number as hexadecimal, with or without zeros in front.
  const [, domain = "0", bus, device, fn] =
    /^(?:([0-9a-f]{1,8}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})\.([0-7])$/i.exec(host) ?? [];
  if (bus === undefined) return host;
  const padded = `${domain.padStart(4, "0")}:${bus.padStart(2, "0")}:${device!.padStart(2, "0")}`;
  const address = parsePciAddress(`${padded}.${fn}`);
  return address === null ? host : formatPciAddress(address);
}

/** The number of the open file of `fd=`. libvirt can also give it a name, by the monitor. */
function readFd(parts: Parts): number | null {
  const fd = String(parts.get("fd") ?? "");
  return /^\d{1,7}$/.test(fd) ? Number(fd) : null;
}

/** Where the device is in the machine, by the name of its bus; null if that is not known. */
function readPciBus(
  bus: string | null,
  devices: readonly Parts[],
  machineType: string | null,
): DeviceOptions["pciBus"] {
  if (bus === "pcie.0") return "root-complex";
  if (bus === "pci.0") return "conventional";
  if (bus === null) return defaultBus(machineType);
  // The bus of a bridge has the bridge's ID, or for old ones a number after it.
  const bridge = devices.find((parts) => {
    const id = textOf(parts.get("id"));
    return id !== null && (id === bus || bus === `${id}.0`);
  });
  return BRIDGES[textOf(bridge?.get("driver")) ?? ""] ?? null;
}

/** Where a device is without `bus=`: on the machine's first bus. */
function defaultBus(machineType: string | null): DeviceOptions["pciBus"] {
  if (machineType === null) return null;
  if (/^(pc-)?q35\b|^virt\b/.test(machineType)) return "root-complex";
  if (/^(pc|pc-i440fx\b.*)$/.test(machineType)) return "conventional";
  return null;
}

interface Settings {
  driver: string;
  alias: string | null;
  globals: readonly { value: string; parts: Parts }[];
  sets: readonly string[];
  /** Whether a file of options was read, which can say anything. */
  hasConfig: boolean;
}

/** The properties that decide about migration: of the device, set later, or the defaults of all devices. */
function readProperties(
  parts: Parts,
  { driver, alias, globals, sets, hasConfig }: Settings,
): Pick<DeviceOptions, "enableMigration" | "deviceDirtyPageTracking"> {
  const unset = hasConfig ? null : "default";
  const found: Pick<DeviceOptions, "enableMigration" | "deviceDirtyPageTracking"> = {
    enableMigration: unset,
    deviceDirtyPageTracking: unset,
  };
  const set = (name: string, value: unknown) => {
    if (isProperty(name)) found[PROPERTIES[name]] = parseOnOffAuto(value);
  };
  for (const { value, parts } of globals) {
    const dot = /^([^.=]+)\.([^=]+)=(.*)$/s.exec(value);
    const [of, name, given] = dot === null
      ? [parts.get("driver"), textOf(parts.get("property")) ?? "", parts.get("value")]
      : dot.slice(1) as [string, string, string];
    // The driver vfio-pci-nohotplug inherits the properties of vfio-pci.
    if (of === driver || of === "vfio-pci" && driver.startsWith("vfio-pci")) set(name, given);
  }
  for (const [name, value] of parts) set(name, value);
  for (const value of sets) {
    const [, id, name, given] = /^device\.([^.]+)\.([^=]+)=(.*)$/s.exec(value) ?? [];
    if (id !== undefined && id === alias) set(name!, given);
  }
  return found;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
