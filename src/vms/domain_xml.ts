import { parseXml, XmlElement } from "@rgrove/parse-xml";
import { Failure, formatPciAddress, MAX_XML_LENGTH, shownName } from "../documents/mod.ts";
import { type DeviceOptions, isProperty, parseOnOffAuto, PROPERTIES } from "./device_options.ts";

/** A VFIO device of a libvirt domain: a `<hostdev>` or an `<interface type='hostdev'>`. */
export interface DomainHostdev {
  element: "hostdev" | "interface";
  type: "mdev" | "pci";
  /** The device on the host: the UUID of an mdev in lower case, or a PCI address such as `0000:01:10.0`. */
  id: string;
  /** Where the element `<source>…</source>` is in the XML, as indices of the string. */
  sourceStart: number;
  sourceEnd: number;
  /** The name of the device in QEMU; null in XML that is not of a running machine. */
  alias: string | null;
  /** Whether libvirt binds the driver; null if the XML does not say. */
  managed: boolean | null;
  /** How the machine uses the device. */
  options: DeviceOptions;
}

/** What the XML of a libvirt domain says about the machine and its VFIO devices. */
export interface DomainXml {
  name: string;
  uuid: string | null;
  /** As written: libvirt writes the versioned type, people also write `q35`. */
  machineType: string | null;
  emulator: string | null;
  /** In the order of the XML. */
  hostdevs: DomainHostdev[];
  /** Whether it contains a password of a console. */
  hasSecret: boolean;
}

/** The namespace of elements for QEMU alone. */
const QEMU_NAMESPACE = "http://libvirt.org/schemas/domain/qemu/1.0";

/** How deep elements may be nested. Those of libvirt are about ten deep. */
const MAX_DEPTH = 200;

/**
 * Reads the XML of a libvirt domain, as `virsh dumpxml` prints it. Pure.
 *
 * Source: https://libvirt.org/formatdomain.html, sections on host devices and interfaces. Throws a {@link Failure} with
 * code `bad-input` for a text that is no XML or not of a domain, that is too large or nested too deeply, and for a
 * device whose source cannot be read.
 */
export function readDomainXml(xml: string): DomainXml {
  const root = parse(xml);
  if (root.name !== "domain") {
    throw unreadable(
      `the element is <${shownName(root.name)}>, not <domain>`,
      "Give the XML of a domain, as virsh dumpxml prints it.",
    );
  }
  const name = textOf(child(root, "name"));
  if (name === null) throw unreadable("it has no <name>", "Give the XML of a domain.");
  const devices = child(root, "devices");
  const qemu = readQemuElements(root);
  const all = devices === null ? [] : children(devices);
  const hostdevs = all.filter(isVfio);
  // libvirt numbers the host devices in order. With interfaces among them, the order is not known from here.
  const isOrdered = !hostdevs.some(({ name }) => name === "interface");
  const numbered = all.filter(({ name }) => name === "hostdev");
  return {
    name,
    uuid: textOf(child(root, "uuid"))?.toLowerCase() ?? null,
    machineType: child(root, "os", "type")?.attributes["machine"] ?? null,
    emulator: devices === null ? null : textOf(child(devices, "emulator")),
    hostdevs: hostdevs.map((hostdev) => {
      const alias = child(hostdev, "alias")?.attributes["name"] ?? null;
      const implied = isOrdered ? `hostdev${numbered.indexOf(hostdev)}` : null;
      return readHostdev(hostdev, alias, {
        ...readProperties(qemu, alias ?? implied),
        pciBus: readPciBus(hostdev, all),
        backend: readBackend(hostdev, root),
      });
    }),
    hasSecret: all.some(hasPassword),
  };
}

/** Parses XML. The parser knows no entities but those of XML itself, and loads nothing. */
function parse(xml: string): XmlElement {
  if (xml.length > MAX_XML_LENGTH) {
    throw unreadable(
      `it is longer than ${MAX_XML_LENGTH} characters`,
      "Give the XML of one domain.",
    );
  }
  if (isTooDeep(xml)) throw unreadable("its elements are nested too deeply");
  try {
    const { root } = parseXml(xml, { includeOffsets: true });
    if (root !== null) return root;
  } catch (cause) {
    if (cause instanceof RangeError) throw unreadable("its elements are nested too deeply");
    const sentence = (cause instanceof Error ? cause.message : String(cause)).split("\n")[0]!;
    throw unreadable(`it is not XML: ${shownName(sentence)}`, null, cause);
  }
  throw unreadable("it has no element");
}

/**
 * Whether more elements are open at once than may be, told from the tags alone. The parser goes down by calls of
 * functions, and an overflow of the stack in the middle of a file costs seconds. Takes linear time.
 */
function isTooDeep(xml: string): boolean {
  let depth = 0;
  for (let at = xml.indexOf("<"); at !== -1; at = xml.indexOf("<", at)) {
    const end = endOfTag(xml, at);
    // The parser finds what is wrong.
    if (end === -1) return false;
    const isElement = xml[at + 1] !== "!" && xml[at + 1] !== "?";
    if (isElement && xml[end - 1] !== "/") depth += xml[at + 1] === "/" ? -1 : 1;
    if (depth > MAX_DEPTH) return true;
    at = end;
  }
  return false;
}

/** Where the tag, comment or section that begins at an index ends; -1 if it does not. */
function endOfTag(xml: string, start: number): number {
  for (const [begin, end] of [["<!--", "-->"], ["<![CDATA[", "]]>"], ["<?", "?>"]] as const) {
    if (!xml.startsWith(begin, start)) continue;
    const found = xml.indexOf(end, start + begin.length);
    return found === -1 ? -1 : found + end.length - 1;
  }
  for (let at = start; at < xml.length; at++) {
    const character = xml[at]!;
    if (character === ">") return at;
    if (character !== '"' && character !== "'") continue;
    at = xml.indexOf(character, at + 1);
    if (at === -1) return -1;
  }
  return -1;
}

/** Whether an element of `<devices>` is a device of VFIO. */
function isVfio({ name, attributes: { mode, type } }: XmlElement): boolean {
  if (name === "interface") return type === "hostdev";
  return name === "hostdev" && mode !== "capabilities" && (type === "mdev" || type === "pci");
}

function readHostdev(
  hostdev: XmlElement,
  alias: string | null,
  options: DeviceOptions,
): DomainHostdev {
  const source = child(hostdev, "source");
  const address = source === null ? null : child(source, "address");
  const type = hostdev.attributes["type"] === "mdev" ? "mdev" : "pci";
  const id = address === null ? null : type === "mdev" ? readUuid(address) : readAddress(address);
  if (source === null || id === null) {
    const element = `<${hostdev.name} type='${hostdev.attributes["type"]}'>`;
    throw unreadable(
      `the source of the device ${element} has no valid address`,
      "Give each device the UUID of its mdev, or its PCI address.",
    );
  }
  const managed = hostdev.attributes["managed"];
  return {
    element: hostdev.name === "interface" ? "interface" : "hostdev",
    ...{ type, id },
    sourceStart: source.start,
    sourceEnd: source.end,
    alias,
    managed: managed === undefined ? null : managed === "yes",
    options,
  };
}

/** The UUID of an mdev. libvirt also accepts one without hyphens. */
function readUuid({ attributes: { uuid } }: XmlElement): string | null {
  const digits = uuid?.replaceAll("-", "").trim().toLowerCase() ?? "";
  const parts = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/.exec(digits);
  return parts === null ? null : parts.slice(1).join("-");
}

/** The PCI address of a `<source>`. */
function readAddress({ attributes }: XmlElement): string | null {
  const parts = [
    number(attributes["domain"] ?? "0", 0xffff_ffff),
    number(attributes["bus"], 0xff),
    number(attributes["slot"], 0x1f),
    number(attributes["function"] ?? "0", 7),
  ];
  if (parts.includes(null)) return null;
  const [domain, bus, device, fn] = parts as [number, number, number, number];
  return formatPciAddress({ domain, bus, device, function: fn });
}

/** A number as libvirt reads it: hexadecimal with `0x`, octal with `0`, otherwise decimal. Null if it is too large. */
function number(text: string | undefined, most: number): number | null {
  if (text === undefined) return null;
  const value = /^0x[0-9a-f]{1,8}$/i.test(text)
    ? parseInt(text, 16)
    : /^0[0-7]*$/.test(text)
    ? parseInt(text, 8)
    : /^[1-9]\d{0,9}$/.test(text)
    ? Number(text)
    : null;
  return value === null || value > most ? null : value;
}

/** The models of `<controller type='pci'>`, and what a device below each is. */
const BUSES: Readonly<Record<string, DeviceOptions["pciBus"]>> = {
  "pcie-root": "root-complex",
  "pcie-root-port": "port",
  "pcie-switch-downstream-port": "port",
  "pci-root": "conventional",
  "pci-bridge": "conventional",
  "dmi-to-pci-bridge": "conventional",
  "pcie-to-pci-bridge": "conventional",
};

/** Where the device is in the machine, by the controller of its bus; null if the XML does not say. */
function readPciBus(hostdev: XmlElement, all: readonly XmlElement[]): DeviceOptions["pciBus"] {
  const address = child(hostdev, "address");
  if (address === null || address.attributes["type"] !== "pci") return null;
  const bus = number(address.attributes["bus"], 0xff);
  if (bus === null || (number(address.attributes["domain"] ?? "0", 0xffff) ?? 1) !== 0) return null;
  const controllers = all.filter(({ name, attributes }) =>
    name === "controller" && attributes["type"] === "pci" &&
    number(attributes["index"], 0xff) === bus
  );
  return controllers.length === 1 ? BUSES[controllers[0]!.attributes["model"] ?? ""] ?? null : null;
}

/**
 * Whether the device uses iommufd. Source: `<driver iommufd='yes'/>` of the device since libvirt 12.0, `<iommufd
 * enabled='yes'/>` of the domain later. Without either, libvirt gives QEMU no iommufd.
 */
function readBackend(hostdev: XmlElement, root: XmlElement): DeviceOptions["backend"] {
  const own = child(hostdev, "driver")?.attributes["iommufd"];
  const common = child(root, "iommufd")?.attributes["enabled"];
  if (own === "yes") return "iommufd";
  if (own === "no" || common !== "yes") return "container";
  // For mediated devices, what the domain says is not known to apply.
  return hostdev.attributes["type"] === "mdev" ? null : "iommufd";
}

/** What the elements for QEMU alone say: properties by device, and the arguments that are added. */
interface QemuElements {
  overrides: readonly { alias: string; name: string; value: unknown }[];
  args: readonly string[];
}

function readQemuElements(root: XmlElement): QemuElements {
  const prefixes = Object.entries(root.attributes)
    .filter(([name, value]) => name.startsWith("xmlns:") && value === QEMU_NAMESPACE)
    .map(([name]) => name.slice("xmlns:".length));
  const prefix = prefixes[0];
  if (prefix === undefined) return { overrides: [], args: [] };
  const named = (parent: XmlElement | null, name: string) =>
    parent === null ? [] : children(parent).filter((found) => found.name === `${prefix}:${name}`);
  const overrides = named(root, "override").flatMap((override) =>
    named(override, "device").flatMap((device) =>
      named(device, "frontend").flatMap((frontend) =>
        named(frontend, "property").flatMap(({ attributes: { name, value, type } }) =>
          name === undefined
            ? []
            : [{ alias: device.attributes["alias"] ?? "", name, value: valueOf(type, value) }]
        )
      )
    )
  );
  const args = named(root, "commandline").flatMap((commandLine) =>
    named(commandLine, "arg").map(({ attributes: { value } }) => value ?? "")
  );
  return { overrides, args };
}

function valueOf(type: string | undefined, value: string | undefined): unknown {
  if (type === "remove") return "default";
  return type === "bool" ? value === "true" : value;
}

/** The properties of a device that the elements for QEMU alone set. Null if it is not known whether they do. */
function readProperties(
  { overrides, args }: QemuElements,
  alias: string | null,
): Pick<DeviceOptions, "enableMigration" | "deviceDirtyPageTracking"> {
  const options: Pick<DeviceOptions, "enableMigration" | "deviceDirtyPageTracking"> = {
    enableMigration: "default",
    deviceDirtyPageTracking: "default",
  };
  for (const { alias: of, name, value } of overrides) {
    if (!isProperty(name)) continue;
    if (alias === null) options[PROPERTIES[name]] = null;
    else if (of === alias) {
      options[PROPERTIES[name]] = value === "default" ? value : parseOnOffAuto(value);
    }
  }
  // Arguments such as -set and -global come later than the device, or are its defaults.
  for (const [index, argument] of args.entries()) {
    const set = /^(?:device\.([^.]+)|vfio-pci(?:-nohotplug)?)\.([^=]+)=(.*)$/.exec(argument);
    if (set === null || index === 0 || !isProperty(set[2]!)) continue;
    const field = PROPERTIES[set[2]];
    const isGlobal = set[1] === undefined;
    if (args[index - 1] !== (isGlobal ? "-global" : "-set")) continue;
    if (isGlobal && options[field] !== "default") continue;
    if (isGlobal || set[1] === alias) options[field] = parseOnOffAuto(set[3]);
    else if (alias === null) options[field] = null;
  }
  if (args.includes("-readconfig")) {
    return { enableMigration: null, deviceDirtyPageTracking: null };
  }
  return options;
}

/** Whether an element or one in it has a password, as `<graphics passwd='…'>` has. */
function hasPassword(element: XmlElement): boolean {
  return element.attributes["passwd"] !== undefined || children(element).some(hasPassword);
}

function children({ children }: XmlElement): XmlElement[] {
  return children.filter((node) => node instanceof XmlElement);
}

/** The first element at a path of names; null if there is none. */
function child(element: XmlElement, ...path: readonly string[]): XmlElement | null {
  let found: XmlElement | undefined = element;
  for (const name of path) {
    found = children(found).find((candidate) => candidate.name === name);
    if (found === undefined) return null;
  }
  return found;
}

/** The text of an element; null if there is none. */
function textOf(element: XmlElement | null): string | null {
  const text = element?.text.trim() ?? "";
  return text === "" ? null : text;
}

function unreadable(why: string, remedy: string | null = null, cause?: unknown): Failure {
  return new Failure("bad-input", `Cannot read the domain XML: ${why}`, {
    subject: "domain XML",
    remedy: remedy ?? "Give the XML of a domain, as virsh dumpxml --migratable prints it.",
    cause,
  });
}
