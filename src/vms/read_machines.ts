import {
  compareText,
  escaped,
  Failure,
  type FoundDevice,
  type FoundMachine,
  type FoundMachines,
  type Holder,
  MAX_XML_LENGTH,
  type Problem,
  toProblem,
} from "../documents/mod.ts";
import { type HostRoots, THIS_HOST } from "../host/mod.ts";
import { versionedType } from "./device_options.ts";
import { type DomainXml, readDomainXml } from "./domain_xml.ts";
import { type Domain, type Domains, LIBVIRT, type LibvirtAt, readDomains } from "./libvirt.ts";
import { readQemuProcesses } from "./qemu_processes.ts";
import { makeQemuVersionReader, type QemuVersionReader } from "./qemu_version.ts";

/** What is wanted of the machines. */
export interface MachinesWanted {
  /** The machine whose domain XML is wanted: a name, UUID or pid. Null for none. */
  xmlOf: string | null;
  /** Whether the caller may see the passwords of consoles that the XML can have. */
  secrets: boolean;
}

/**
 * Reads the virtual machines of this host, given the processes that hold VFIO nodes. What it returns gives the part that
 * a caller wants and may see.
 */
export type MachineReader = (
  holders: Iterable<Holder>,
) => Promise<(wanted: MachinesWanted) => FoundMachines>;

/**
 * Makes a reader of the virtual machines of this host. Machines of QEMU processes come first, then those that only
 * libvirt knows.
 *
 * Source: `/proc` and `virsh`. Effect: runs `virsh`, and each QEMU once for its version. Nothing of it on a host that is
 * mounted or simulated.
 */
export function makeMachineReader(
  roots: HostRoots,
  { libvirt, versionOf, isRoot = Deno.uid() === 0 }: {
    libvirt?: LibvirtAt | null;
    versionOf?: QemuVersionReader;
    isRoot?: boolean;
  } = {},
): MachineReader {
  const isHere = roots.proc === THIS_HOST.proc && roots.sys === THIS_HOST.sys;
  const at = libvirt === undefined ? (isHere ? LIBVIRT : null) : libvirt;
  const version = versionOf ??
    (isHere ? makeQemuVersionReader(roots) : () => Promise.resolve(null));
  return async (holders) => {
    const [processes, domains] = await Promise.all([
      readQemuProcesses(roots, holders, version),
      at === null ? null : readDomains(at, isRoot),
    ]);
    return (wanted) => join(processes, domains, wanted);
  };
}

/** The machines that processes and libvirt know. They are the same if their UUID is. */
function join(
  processes: readonly FoundMachine[],
  domains: Domains | null,
  wanted: MachinesWanted,
): FoundMachines {
  const byUuid = new Map(processes.map((machine) => [machine.uuid, machine]));
  const problems: Problem[] = [...domains?.problems ?? []];
  const known: FoundMachine[] = [];
  const merged = new Set<FoundMachine>();
  for (const domain of domains?.domains ?? []) {
    const xml = readOne(domain, problems);
    if (xml === null) continue;
    const process = byUuid.get(domain.uuid) ?? null;
    if (process === null && xml.hostdevs.length === 0) continue;
    if (process !== null) merged.add(process);
    known.push(describe(domain, xml, process, { version: domains!.version, ...wanted }));
  }
  const machines = [...processes.filter((process) => !merged.has(process)), ...known]
    .sort((a, b) => compareText(a.name, b.name) || compareText(a.uuid ?? "", b.uuid ?? ""));
  return { machines, problems };
}

/** The XML of a domain; null if it cannot be read, which is a problem. */
function readOne({ uuid, xml }: Domain, problems: Problem[]): DomainXml | null {
  try {
    return readDomainXml(xml);
  } catch (error) {
    problems.push({ ...toProblem(error, uuid), subject: uuid });
    return null;
  }
}

function describe(
  { uuid, isRunning, xml, isMigratable }: Domain,
  domain: DomainXml,
  process: FoundMachine | null,
  { version, xmlOf, secrets }: MachinesWanted & { version: string | null },
): FoundMachine {
  const name = escaped(domain.name).slice(0, 512);
  const pid = process?.pid ?? null;
  const isWanted = xmlOf !== null && isNamed({ name, uuid, pid }, xmlOf);
  const problems = [...process?.problems ?? []];
  const withheld = isWanted ? withholding(name, { domain, isMigratable, secrets }) : null;
  if (withheld !== null) problems.push(withheld);
  const isShown = isWanted && withheld === null && xml.length <= MAX_XML_LENGTH;
  return {
    ...{ name, uuid, pid, problems },
    state: process !== null || isRunning ? "running" : "off",
    incoming: process?.incoming ?? false,
    qemu: process?.qemu ?? null,
    machineType: versionedType(domain.machineType) ?? process?.machineType ?? null,
    libvirt: { version, xml: isShown ? xml : null },
    devices: mergeDevices(process?.devices ?? [], devicesOf(domain)),
  };
}

/** Why the XML of a machine is not given; null if it is. */
function withholding(
  name: string,
  { domain, isMigratable, secrets }: {
    domain: DomainXml;
    isMigratable: boolean;
    secrets: boolean;
  },
): Problem | null {
  if (!isMigratable) {
    return {
      code: "not-permitted",
      subject: name,
      sentence:
        `The domain XML of ${name} is left out: libvirt gives the one for a migration only to root`,
      remedy: "Run vfio-ask as root.",
    };
  }
  if (secrets || !domain.hasSecret) return null;
  return {
    code: "not-permitted",
    subject: name,
    sentence: `The domain XML of ${name} is left out: it has the password of a console`,
    remedy: `Run vfio-ask identity --vm ${name} as root on this host.`,
  };
}

/** A machine that is off, from its domain XML alone. Throws a {@link Failure} for XML that is none of a domain. */
export function machineOfXml(xml: string): FoundMachine {
  const domain = readDomainXml(xml);
  const { uuid } = domain;
  const it = { uuid: uuid ?? "", isRunning: false, xml, isMigratable: true };
  const wanted = { xmlOf: domain.name, secrets: true, version: null };
  return { ...describe(it, domain, null, wanted), uuid, libvirt: { version: null, xml } };
}

function devicesOf({ hostdevs }: DomainXml): FoundDevice[] {
  return hostdevs.map(({ id, options }) => ({ id, node: null, options }));
}

/**
 * The devices that the command line or the XML name. The command line decides: the XML does not show every option that
 * libvirt gives QEMU. The XML knows devices that were plugged in later, and where each is in the machine.
 */
function mergeDevices(given: readonly FoundDevice[], inXml: readonly FoundDevice[]): FoundDevice[] {
  const merged = given.map((device) => {
    const same = inXml.find(({ id }) => id !== null && id === device.id);
    const pciBus = device.options.pciBus ?? same?.options.pciBus ?? null;
    return same === undefined ? device : { ...device, options: { ...device.options, pciBus } };
  });
  return [...merged, ...inXml.filter(({ id }) => !given.some((device) => device.id === id))];
}

/** Whether a machine has this name, UUID or pid. */
export function isNamed(
  { name, uuid, pid }: Pick<FoundMachine, "name" | "uuid" | "pid">,
  wanted: string,
): boolean {
  return name === wanted || uuid !== null && uuid === wanted.toLowerCase() ||
    pid !== null && String(pid) === wanted;
}

/**
 * The machine of a name, UUID or pid. Throws a {@link Failure} if there is none, or if several have the name.
 */
export function machineNamed({ machines, problems }: FoundMachines, wanted: string): FoundMachine {
  // A name that looks like a pid is a name first.
  const named = machines.filter(({ name }) => name === wanted);
  const found = named.length > 0 ? named : machines.filter((machine) => isNamed(machine, wanted));
  if (found.length === 1) return found[0]!;
  const shown = escaped(wanted.slice(0, 80));
  if (found.length > 1) {
    const ids = found.map(({ uuid, pid }) => uuid ?? String(pid));
    throw new Failure("bad-input", `${found.length} virtual machines are named ${shown}`, {
      subject: wanted,
      remedy: `Use one of ${ids.join(", ")}.`,
    });
  }
  const names = machines.map(({ name }) => name);
  const remedy = names.length > 0
    ? `Use one of ${names.slice(0, 20).join(", ")}${names.length > 20 ? ", …" : ""}.`
    : problems[0]?.remedy ??
      "No virtual machine of this host uses a VFIO device, as far as is known.";
  throw new Failure(
    "not-found",
    `Cannot find a virtual machine named ${shown} that uses VFIO devices`,
    { subject: wanted, remedy },
  );
}
