import { parsePciAddress } from "../documents/mod.ts";

/** How to make an mdev, for the programs that make one. */
export interface Definition {
  uuid: string;
  /** The parent device in sysfs. */
  parent: string;
  /** What `mdevctl define --uuid UUID --parent PARENT --jsonfile FILE` reads. */
  mdevctl: { mdev_type: string; start: "manual"; attrs: Record<string, string>[] };
  /** What `virsh nodedev-create FILE` reads; null if libvirt's name of the parent is not known. */
  nodedev: string | null;
}

/**
 * The definition of an mdev. Pure.
 *
 * Source: mdevctl(8), `--jsonfile`; https://libvirt.org/formatnode.html, capability `mdev`.
 */
export function defineMdev(
  { uuid, parent, type, attributes = [] }: {
    uuid: string;
    parent: string;
    type: string;
    attributes?: readonly { name: string; value: string }[] | undefined;
  },
): Definition {
  const name = nodedevName(parent);
  return {
    uuid,
    parent,
    mdevctl: {
      mdev_type: type,
      start: "manual",
      attrs: attributes.map(({ name, value }) => ({ [name]: value })),
    },
    nodedev: name === null ? null : [
      "<device>",
      // The schema of libvirt wants a name, and a new device gets its own.
      `  <name>mdev_${escapeXml(uuid.replaceAll("-", "_"))}</name>`,
      `  <parent>${escapeXml(name)}</parent>`,
      "  <capability type='mdev'>",
      `    <type id='${escapeXml(type)}'/>`,
      `    <uuid>${escapeXml(uuid)}</uuid>`,
      ...attributes.map(({ name, value }) =>
        `    <attr name='${escapeXml(name)}' value='${escapeXml(value)}'/>`
      ),
      "  </capability>",
      "</device>",
      "",
    ].join("\n"),
  };
}

/** Parents whose class in sysfs has the name of the device. */
const NAMED_AS_CLASS = ["mtty", "mdpy", "mbochs"];

/**
 * The name that libvirt gives the parent of mdevs: its bus or class, and its name with other characters replaced. Null
 * if it is not known.
 *
 * Source: `udevGenerateDeviceName` of libvirt; `ap_matrix` is set for the matrix device of vfio_ap.
 */
export function nodedevName(parent: string): string | null {
  if (parsePciAddress(parent) !== null) return `pci_${parent.replaceAll(/[^0-9a-z]/gi, "_")}`;
  if (/^\d+\.\d+\.[0-9a-f]{4}$/.test(parent)) return `css_${parent.replaceAll(".", "_")}`;
  if (parent === "matrix") return "ap_matrix";
  return NAMED_AS_CLASS.includes(parent) ? `${parent}_${parent}` : null;
}

function escapeXml(text: string): string {
  return text.replaceAll(/[&<>'"]/g, (character) => `&#${character.codePointAt(0)};`);
}
