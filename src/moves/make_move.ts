import {
  type Configuration,
  type DeviceType,
  Failure,
  type Identity,
  type MdevDefinition,
  type Move,
  MOVE_SCHEMA,
  parsePciAddress,
  type Snapshot,
  type VirtualMachine,
} from "../documents/mod.ts";
import { createFor, howToCreate } from "../judge/ask/mod.ts";
import type { Plan } from "../judge/joint/mod.ts";
import { readDomainXml, spliceSources } from "../vms/mod.ts";
import type { Landing } from "./landing.ts";
import { listLooks } from "./list_looks.ts";
import { shellWord } from "./shell_word.ts";

/** A plan, and the question that it answers. */
export interface MoveOf {
  plan: Plan & { id: string };
  sources: readonly Identity[];
  /** The machine of the sources; null if only they are known. */
  machine: VirtualMachine | null;
}

/**
 * What to do on both hosts for a plan. `to` is the URI of the destination's libvirt; by default, the one that ssh
 * reaches by the name of the host.
 *
 * Source: virsh(1) `migrate`, mdevctl(8), https://libvirt.org/formatnode.html. Throws a {@link Failure} with code
 * `unsupported` for a plan that cannot be carried out in this way, and `not-found` if the host no longer has what the
 * plan names.
 */
export async function makeMove(
  { plan, sources, machine }: MoveOf,
  snapshot: Snapshot,
  { to = `qemu+ssh://${snapshot.host.name}/system` }: { to?: string } = {},
): Promise<Move> {
  const landings: Landing[] = [];
  const taken = new Set(snapshot.devices.map(({ id }) => id));
  for (const { source: id, configuration } of plan.placements) {
    const source = sources.find((candidate) => candidate.id === id)!;
    const landing = await land(source, configuration, { snapshot, taken });
    taken.add(landing.device);
    landings.push(landing);
  }
  const xml = machine?.libvirt?.xml ?? null;
  const changed = xml === null ? null : changeXml(xml, landings);
  const name = machine?.name ?? null;
  const definitions = landings.flatMap((landing) => define(landing, snapshot));
  return {
    schema: MOVE_SCHEMA,
    plan: plan.id,
    verdict: plan.verdict,
    now: plan.now,
    machine: machine === null ? null : { name: machine.name, uuid: machine.uuid },
    from: sources[0]!.host.name,
    to: snapshot.host.name,
    devices: landings.map(({ source, device, type }) => ({
      source: source.id,
      device,
      isNew: type !== null,
    })),
    definitions,
    commands: {
      destination: landings.flatMap(commandsFor),
      source: name === null
        ? []
        : [migrateCommand({ name, to, file: changed === xml ? null : fileOf(name, snapshot) })],
    },
    xml: changed,
    xmlChanged: changed !== xml,
    look: listLooks({ plan, landings, machine, xml }),
  };
}

/** The name of the file for the destination's XML: `web-1.hv-22.xml`. */
function fileOf(name: string, { host }: Snapshot): string {
  return `${`${name}.${host.name}`.replaceAll(/[^\w.-]/g, "_")}.xml`;
}

function migrateCommand(
  { name, to, file }: { name: string; to: string; file: string | null },
): string {
  const xml = file === null ? "" : ` --xml ${shellWord(file)}`;
  return `virsh migrate --live --verbose${xml} ${shellWord(name)} ${shellWord(to)}`;
}

/** Finds the device that a source goes to, or names the one to make. */
async function land(
  source: Identity,
  configuration: Configuration,
  { snapshot, taken }: { snapshot: Snapshot; taken: ReadonlySet<string> },
): Promise<Landing> {
  const { kind, id, parent, type: typeName, instances = 1 } = configuration;
  if (kind === "device") {
    if (snapshot.devices.some((device) => device.id === id)) {
      return { source, configuration, device: id!, type: null };
    }
    throw gone(id!, snapshot);
  }
  if (instances > 1) {
    throw new Failure(
      "unsupported",
      `${source.id} needs ${instances} instances of ${typeName}, which no domain XML expresses`,
      { subject: source.id, remedy: "Choose another plan with --plan." },
    );
  }
  const type = snapshot.types.find((candidate) =>
    candidate.kind === kind && candidate.type === typeName && candidate.parent === parent
  );
  if (type === undefined) throw gone(`${typeName} on ${parent}`, snapshot);
  // A vGPU type is set on the virtual function itself.
  if (kind === "vgpu-type") return { source, configuration, device: type.parent, type };
  if (source.kind === "mdev" && !taken.has(source.id)) {
    return { source, configuration, device: source.id, type };
  }
  for (let turn = 0;; turn++) {
    const device = await uuidFrom([snapshot.host.name, source.host.name, source.id, turn]);
    if (!taken.has(device)) return { source, configuration, device, type };
  }
}

function gone(subject: string, { host }: Snapshot): Failure {
  return new Failure("not-found", `${host.name} no longer has ${subject}`, {
    subject,
    remedy: "Ask again, and use the new plan.",
  });
}

/** A UUID that is the same for the same seed. Source: RFC 9562, section 5.8 (version 8). */
async function uuidFrom(seed: readonly unknown[]): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify(seed));
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", text)).slice(0, 16);
  bytes[6] = bytes[6]! & 0x0f | 0x80;
  bytes[8] = bytes[8]! & 0x3f | 0x80;
  const hex = bytes.toHex();
  return [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]].map(([from, end]) => hex.slice(from, end))
    .join("-");
}

/** The destination's XML. Only the `<source>` of devices that have another name there changes. */
function changeXml(xml: string, landings: readonly Landing[]): string {
  const { hostdevs } = readDomainXml(xml);
  const changes = landings.map(({ source, device }) => {
    const hostdev = hostdevs.find(({ id }) => id === source.id);
    if (hostdev === undefined) {
      throw new Failure("unsupported", `The domain XML has no device ${source.id}`, {
        subject: source.id,
        remedy: "Write the machine's document again with vfio-ask identity --vm.",
      });
    }
    const isPci = parsePciAddress(device) !== null;
    if (isPci !== (hostdev.type === "pci")) {
      throw new Failure(
        "unsupported",
        `${source.id} goes to ${device}, and a <hostdev type='${hostdev.type}'> cannot name it`,
        { subject: source.id, remedy: "Write the destination's XML by hand." },
      );
    }
    return { hostdev, device };
  });
  return spliceSources(xml, changes);
}

/** The definition of a new mdev. */
function define(
  { source, configuration, device, type }: Landing,
  snapshot: Snapshot,
): MdevDefinition[] {
  if (type?.kind !== "mdev-type") return [];
  const create = createFor({ create: howToCreate(type), configuration }, source);
  const attrs = (create?.attributes ?? []).map(({ name, value }) => ({ [name]: value }));
  const parent = nodedevName(type, snapshot);
  return [{
    uuid: device,
    parent: type.parent,
    mdevctl: { mdev_type: type.type, start: "manual", attrs },
    nodedev: parent === null ? null : formatNodedev({ parent, type: type.type, device, attrs }),
  }];
}

/**
 * libvirt's name of a parent: `pci_0000_41_00_0`; for other buses, the subsystem and the name, such as `mtty_mtty`. Null
 * if the subsystem is not known: that of a virtual device shows in the path of an mdev below it. Source:
 * `udevGenerateDeviceName()` of libvirt.
 */
function nodedevName({ parent, type }: DeviceType, { devices }: Snapshot): string | null {
  const name = (subsystem: string) => `${subsystem}_${parent}`.replaceAll(/[^a-zA-Z0-9]/g, "_");
  if (parsePciAddress(parent) !== null) return name("pci");
  if (type.startsWith("vfio_ap-")) return "ap_matrix";
  if (/^[0-9a-f]\.[0-3]\.[0-9a-f]{4}$/.test(parent)) return name("css");
  const below = devices.find((device) => device.parent === parent)?.sysfs.split("/") ?? [];
  const at = below.indexOf(parent, below.indexOf("virtual") + 2);
  return at > 2 && below[at - 2] === "virtual" ? name(below[at - 1]!) : null;
}

function formatNodedev(
  { parent, type, device, attrs }: {
    parent: string;
    type: string;
    device: string;
    attrs: readonly Record<string, string>[];
  },
): string {
  const lines = attrs.flatMap((attr) => Object.entries(attr)).map(([name, value]) =>
    `    <attr name='${xmlText(name)}' value='${xmlText(value)}'/>\n`
  );
  return `<device>
  <parent>${xmlText(parent)}</parent>
  <capability type='mdev'>
    <type id='${xmlText(type)}'/>
    <uuid>${xmlText(device)}</uuid>
${lines.join("")}  </capability>
</device>
`;
}

function xmlText(text: string): string {
  const names: Record<string, string> = { "&": "amp", "<": "lt", ">": "gt", "'": "apos" };
  return text.replaceAll(/[&<>']/g, (c) => `&${names[c]};`);
}

/** The commands that make a device on the destination. */
function commandsFor({ source, configuration, device, type }: Landing): string[] {
  if (type === null) return [];
  if (type.kind === "vgpu-type") return [howToCreate(type).command!];
  const create = createFor({ create: howToCreate(type), configuration }, source);
  const words = ["--uuid", device, "--parent", type.parent, "--type", type.type].map(shellWord);
  return [
    `mdevctl start ${words.join(" ")}`,
    ...(create?.attributes ?? []).map(({ name, value }) =>
      `echo ${shellWord(value)} > ${shellWord(`/sys/bus/mdev/devices/${device}/${name}`)}`
    ),
  ];
}
