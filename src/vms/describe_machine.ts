import {
  type Device,
  type DeviceOptions,
  Failure,
  type FoundDevice,
  type FoundMachine,
  identify,
  type Identity,
  MAX_SOURCES,
  type Problem,
  type RunningVmm,
  type Snapshot,
  type VirtualMachine,
  VM_SCHEMA,
} from "../documents/mod.ts";

/** A device of a machine that this host has, and how the machine uses it. */
export interface MachineDevice {
  device: Device;
  vmm: RunningVmm;
}

/** What nobody says about a device, for example one that was plugged in later. */
const UNKNOWN: DeviceOptions = {
  pciBus: null,
  backend: null,
  enableMigration: null,
  deviceDirtyPageTracking: null,
};

/**
 * The devices of a machine in a snapshot, and what is wrong with those it names. Pure.
 *
 * Of a machine that runs, the holders of the snapshot decide: a device that the command line names was perhaps
 * unplugged, and one that it does not name was plugged in.
 */
export function devicesOfMachine(
  snapshot: Snapshot,
  machine: FoundMachine,
): { devices: MachineDevice[]; problems: Problem[] } {
  const problems: Problem[] = [...machine.problems];
  const devices: MachineDevice[] = [];
  const add = (device: Device, options: DeviceOptions) => {
    if (devices.some((known) => known.device.id === device.id)) return;
    devices.push({ device, vmm: settle(options, machine) });
  };
  const isNamed = ({ id, node }: FoundDevice) => id !== null || node !== null;
  for (const named of machine.devices.filter(isNamed)) {
    const device = findNamed(snapshot, named);
    if (device === null) problems.push(...missing(snapshot, machine, named));
    else if (isUsedBy(device, machine)) add(device, named.options);
  }
  if (machine.pid === null) return { devices, problems };
  const held = snapshot.devices.filter(({ use }) => use.holder?.pid === machine.pid);
  const others = [...Map.groupBy(held, ({ use }) => use.holder!.node)]
    .filter(([, sharing]) =>
      !sharing.some(({ id }) => devices.some(({ device }) => device.id === id))
    );
  // What QEMU was given without a name is what is left, if that is one device.
  const unnamed = machine.devices.filter((device) => !isNamed(device));
  const options = unnamed.length === 1 && others.length === 1 ? unnamed[0]!.options : UNKNOWN;
  for (const [node, sharing] of others) {
    if (sharing.length === 1) add(sharing[0]!, options);
    else problems.push(unclear(machine, node, sharing));
  }
  return { devices, problems };
}

function findNamed({ devices }: Snapshot, { id, node }: FoundDevice): Device | null {
  return devices.find((device) =>
    id !== null ? device.id === id : node !== null && device.nodes.cdev === node
  ) ?? null;
}

/** Whether a machine may use a device now. A machine that is off uses what it names. */
function isUsedBy({ use }: Device, { pid, state }: FoundMachine): boolean {
  if (state === "off" || pid === null) return true;
  return use.holder === null ? use.state !== "idle" : use.holder.pid === pid;
}

/**
 * How a machine uses a device, with the defaults of its QEMU where nobody says more.
 *
 * Source: `vfio_pci_dev_properties` of QEMU: `enable-migration` is `auto` since 8.1. Before, `x-enable-migration` was
 * off. `x-device-dirty-page-tracking` is on since 9.1, and before, QEMU behaved as if it was.
 */
function settle(options: DeviceOptions, { qemu, machineType }: FoundMachine): RunningVmm {
  const { pciBus, backend, enableMigration, deviceDirtyPageTracking } = options;
  return {
    qemu,
    machineType,
    pciBus,
    backend,
    enableMigration: enableMigration === "default"
      ? defaultOfMigration(qemu, machineType)
      : enableMigration,
    deviceDirtyPageTracking: deviceDirtyPageTracking === "default" ? "on" : deviceDirtyPageTracking,
  };
}

function defaultOfMigration(
  qemu: string | null,
  machineType: string | null,
): "auto" | "off" | null {
  if (qemu !== null) return isSince81(qemu) ? "auto" : "off";
  // No QEMU has the machine types of a later one.
  const version = /-(\d+\.\d+)$/.exec(machineType ?? "")?.[1];
  return version !== undefined && isSince81(version) ? "auto" : null;
}

function isSince81(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 8 || major === 8 && minor >= 1;
}

/**
 * Why a device that a machine names is not in the snapshot. No process holds a device that is gone: then it was
 * unplugged before, which is no problem.
 */
function missing(
  { problems }: Snapshot,
  { name, pid }: FoundMachine,
  { id, node }: FoundDevice,
): Problem[] {
  const known = problems.filter(({ subject }) => subject === id);
  if (known.length > 0 || pid !== null) return known;
  return [{
    code: "gone",
    subject: id ?? node ?? name,
    sentence: `The device ${
      id ?? node
    } of ${name} is no VFIO device of this host now: it is gone, or another driver is bound to it`,
    remedy: "Run vfio-ask devices to list the devices of this host.",
  }];
}

function unclear({ name }: FoundMachine, node: string, sharing: readonly Device[]): Problem {
  return {
    code: "failed",
    subject: name,
    sentence: `Cannot decide which devices of ${node} are in ${name}: ${
      sharing.map(({ id }) => id).join(", ")
    }`,
    remedy: "Name the device: vfio-ask identity DEVICE.",
  };
}

/**
 * A machine with the identities of all its devices. `identifyOne` gives an identity, without that the one of the
 * snapshot. Throws a {@link Failure} if the host has none of its devices, or if there are too many to ask about.
 */
export async function describeMachine(
  snapshot: Snapshot,
  machine: FoundMachine,
  identifyOne: (id: string) => Promise<{ identity: Identity; problems: Problem[] }> = (id) =>
    Promise.resolve({ identity: identify(snapshot, id), problems: [] }),
): Promise<VirtualMachine> {
  const { devices, problems } = devicesOfMachine(snapshot, machine);
  const { name, uuid, state, pid, qemu, machineType, libvirt } = machine;
  if (devices.length === 0) {
    const why = problems[0]?.sentence ?? `${name} names no VFIO device`;
    throw new Failure("not-found", `Cannot identify any device of ${name}: ${why}`, {
      subject: name,
      remedy: problems[0]?.remedy ??
        (state === "off"
          ? "Name a machine that has a <hostdev> of type mdev or pci."
          : "Name a machine that vfio-ask vm lists."),
    });
  }
  if (devices.length > MAX_SOURCES) {
    throw new Failure("bad-input", `${name} has ${devices.length} VFIO devices`, {
      subject: name,
      remedy: `At most ${MAX_SOURCES} devices can be asked about together.`,
    });
  }
  const sources: Identity[] = [];
  for (const { device, vmm } of devices) {
    const identified = await identifyOne(device.id);
    sources.push({ ...identified.identity, vmm });
    problems.push(...identified.problems);
  }
  return {
    schema: VM_SCHEMA,
    ...{ name, uuid, host: snapshot.host, state, pid },
    vmm: qemu === null && machineType === null ? null : { qemu, machineType },
    ...{ libvirt, sources, problems },
  };
}
