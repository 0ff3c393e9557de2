import { parseXml, XmlElement } from "@rgrove/parse-xml";
import { Failure, readVirtualMachine, type VirtualMachine } from "../documents/mod.ts";

/** The namespace of the element in `<metadata>`. */
export const TAG_NAMESPACE = "urn:vfio-ask:vm:1";

/** The prefix of the element. */
export const TAG_KEY = "vfioask";

/** The largest element, in bytes: it is an argument of virsh, and the kernel allows 128 KiB for one. */
export const MAX_TAG_BYTES = 100 << 10;

/**
 * The element for `<metadata>` that describes a virtual machine, without its XML and its initial data. libvirt adds the
 * namespace. Pure. Throws a {@link Failure} if it is too large.
 */
export function formatTag(machine: VirtualMachine): string {
  const { libvirt, sources } = machine;
  const document = {
    ...machine,
    libvirt: libvirt === null ? null : { ...libvirt, xml: null },
    sources: sources.map((source) => ({ ...source, initialData: null })),
  };
  // ASCII only: not every character of JSON is allowed in XML.
  const json = JSON.stringify(document).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const text = json.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const element = `<machine>${text}</machine>`;
  if (element.length <= MAX_TAG_BYTES) return element;
  throw new Failure(
    "bad-input",
    `${machine.name}: its description has ${element.length} bytes, more than ${MAX_TAG_BYTES}`,
    { subject: machine.name, remedy: "Use ask with the document of vfio-ask identity --vm." },
  );
}

/**
 * The virtual machine that the metadata of a domain's XML describes; null if there is none. The XML must have been
 * read by `readDomainXml`, which bounds it. Pure. Throws a {@link Failure} if the description is not valid.
 */
export function readTag(xml: string): VirtualMachine | null {
  const root = parseXml(xml).root;
  const metadata = root === null ? undefined : elements(root).find(isNamed("metadata"));
  if (root === null || metadata === undefined) return null;
  const tag = elements(metadata).find((element) => {
    const [, prefix = "", name] = /^(?:([^:]*):)?(.*)$/.exec(element.name) ?? [];
    const attribute = prefix === "" ? "xmlns" : `xmlns:${prefix}`;
    const namespace = [element, metadata, root].map(({ attributes }) => attributes[attribute])
      .find((uri) => uri !== undefined);
    return name === "machine" && namespace === TAG_NAMESPACE;
  });
  if (tag === undefined) return null;
  let document: unknown;
  try {
    document = JSON.parse(tag.text);
  } catch (cause) {
    throw new Failure("bad-input", `The identity in <metadata> is not JSON`, {
      subject: "metadata",
      remedy: "Run vfio-ask vm tag again on the source's host.",
      cause,
    });
  }
  return readVirtualMachine(document);
}

const isNamed = (wanted: string) => ({ name }: XmlElement) => name === wanted;

function elements({ children }: XmlElement): XmlElement[] {
  return children.filter((node) => node instanceof XmlElement);
}
