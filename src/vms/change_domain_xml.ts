import { Failure, parsePciAddress, shownName } from "../documents/mod.ts";
import { type DomainHostdev, readDomainXml } from "./domain_xml.ts";

/** A device on the destination: the UUID of an mdev, or a PCI address. */
export interface Target {
  kind: "mdev" | "pci";
  id: string;
}

/**
 * The domain XML of the destination: each VFIO device has another source, and every other byte is the same. `targets` has
 * a target for each id in the XML. Pure.
 *
 * Throws a {@link Failure}: `bad-input` for XML that cannot be read or that names other devices than `targets`,
 * `unsupported` if a device would change from mdev to PCI or back, which libvirt's XML cannot say with a source alone.
 */
export function changeDomainXml(xml: string, targets: ReadonlyMap<string, Target>): string {
  const { hostdevs } = readDomainXml(xml);
  const named = new Set(hostdevs.map(({ id }) => id));
  const missing = [...targets.keys()].find((id) => !named.has(id));
  if (missing !== undefined) {
    throw cannot("bad-input", missing, `the XML has no VFIO device ${missing}`, SAME_MACHINE);
  }
  const wanted = hostdevs.map((hostdev) => targetOf(hostdev, targets));
  let changed = "";
  let at = 0;
  for (const [index, hostdev] of hostdevs.entries()) {
    const { sourceStart, sourceEnd, id } = hostdev;
    changed += xml.slice(at, sourceStart);
    const source = xml.slice(sourceStart, sourceEnd);
    changed += id === wanted[index]!.id ? source : changeSource(source, wanted[index]!);
    at = sourceEnd;
  }
  changed += xml.slice(at);
  // Read again: what was not replaced as meant must not reach a host.
  const read = readDomainXml(changed).hostdevs.map(({ type, id }) => `${type} ${id}`);
  if (read.join() === wanted.map(({ kind, id }) => `${kind} ${id}`).join()) return changed;
  throw cannot(
    "bad-input",
    "domain XML",
    "the source of a device is written in a way that is not known",
    "Give the XML as virsh dumpxml --migratable prints it.",
  );
}

const SAME_MACHINE = "Give the XML and the identities of the same machine at the same time.";

function targetOf(
  { id, type }: DomainHostdev,
  targets: ReadonlyMap<string, Target>,
): Target {
  const target = targets.get(id);
  if (target === undefined) {
    throw cannot(
      "bad-input",
      id,
      `the XML has the device ${id}, which has no target`,
      SAME_MACHINE,
    );
  }
  if (target.kind === "mdev" && !UUID.test(target.id)) {
    throw cannot(
      "unsupported",
      id,
      `${id} goes to ${shownName(target.id)}, which is neither an mdev nor a PCI function`,
      "Choose another plan with --plan.",
    );
  }
  if (target.kind === type) return target;
  throw cannot(
    "unsupported",
    id,
    `${id} is of type ${type} in it, and goes to ${target.id}, of type ${target.kind}`,
    "Choose another plan with --plan, or write the XML for the destination by hand.",
  );
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Replaces the address in a `<source>` element. */
function changeSource(source: string, { kind, id }: Target): string {
  // Comments are blanked out, because they may contain an address.
  const bare = source.replace(/<!--[^]*?-->/g, (comment) => " ".repeat(comment.length));
  const tag = /<address(?=[\s/>])(?:[^>"']|"[^"]*"|'[^']*')*>/.exec(bare);
  if (tag === null) return source;
  const before = source.slice(0, tag.index);
  const after = source.slice(tag.index + tag[0].length);
  return before + (kind === "mdev" ? setUuid(tag[0], id) : setAddress(tag[0], id)) + after;
}

function setUuid(tag: string, uuid: string): string {
  return setAttribute(tag, "uuid", () => uuid) ?? tag;
}

/** Writes a PCI address in the style of the old one: hexadecimal with as many digits, octal, or decimal. */
function setAddress(tag: string, id: string): string {
  const address = parsePciAddress(id);
  if (address === null) return tag;
  const { domain, bus, device, function: fn } = address;
  let changed = tag;
  for (const [name, value] of [["bus", bus], ["slot", device]] as const) {
    changed = setAttribute(changed, name, (old) => inStyle(value, old)) ?? changed;
  }
  for (const [name, value, digits] of [["function", fn, 1], ["domain", domain, 4]] as const) {
    const set = setAttribute(changed, name, (old) => inStyle(value, old));
    // Both are 0 where the XML does not say them.
    const text = `0x${value.toString(16).padStart(digits, "0")}`;
    if (set !== null) changed = set;
    else if (value !== 0) changed = changed.replace("<address", () => `<address ${name}='${text}'`);
  }
  return changed;
}

/** Replaces the value of an attribute in a tag; null if the tag does not have it. */
function setAttribute(
  tag: string,
  name: string,
  change: (old: string) => string,
): string | null {
  for (const { index, 0: all, 1: space, 2: key, 3: quoted } of tag.matchAll(ATTRIBUTE)) {
    if (key !== name) continue;
    const quote = quoted![0]!;
    const start = index + space!.length + all.slice(space!.length).indexOf(quote) + 1;
    const end = index + all.length - 1;
    return tag.slice(0, start) + change(tag.slice(start, end)) + tag.slice(end);
  }
  return null;
}

const ATTRIBUTE = /(\s+)([\w:.-]+)\s*=\s*("[^"]*"|'[^']*')/g;

function inStyle(value: number, old: string): string {
  const hex = /^(0x)([0-9a-f]+)$/i.exec(old);
  if (hex !== null) return hex[1]! + value.toString(16).padStart(hex[2]!.length, "0");
  return /^0[0-7]/.test(old) ? `0${value.toString(8)}` : String(value);
}

function cannot(
  code: "bad-input" | "unsupported",
  subject: string,
  why: string,
  remedy: string,
): Failure {
  return new Failure(code, `Cannot write the domain XML for the destination: ${why}`, {
    subject,
    remedy,
  });
}
