import {
  type FoundMachine,
  type FoundMachines,
  type ListedMachine,
  type Problem,
  type Snapshot,
  VMS_SCHEMA,
} from "../documents/mod.ts";
import { devicesOfMachine } from "./describe_machine.ts";

/** The list of a host's virtual machines. */
export interface MachineList {
  schema: typeof VMS_SCHEMA;
  snapshot: number;
  takenAt: string;
  host: Snapshot["host"];
  vms: ListedMachine[];
  problems: Problem[];
}

/** The virtual machines of this host that use VFIO devices, as one document. Pure. */
export function listMachines(
  snapshot: Snapshot,
  { machines, problems }: FoundMachines,
): MachineList {
  return {
    schema: VMS_SCHEMA,
    snapshot: snapshot.snapshot,
    takenAt: snapshot.takenAt,
    host: snapshot.host,
    vms: machines.map((machine) => listOne(snapshot, machine)),
    problems,
  };
}

function listOne(snapshot: Snapshot, machine: FoundMachine): ListedMachine {
  const { devices, problems } = devicesOfMachine(snapshot, machine);
  const { name, uuid, state, pid, incoming, qemu, machineType, libvirt } = machine;
  return {
    ...{ name, uuid, state, pid, incoming },
    vmm: { qemu, machineType },
    libvirt: libvirt === null ? null : { version: libvirt.version },
    devices: devices.map(({ device: { id, type, driver }, vmm }) => {
      const { pciBus, backend, enableMigration, deviceDirtyPageTracking } = vmm;
      return {
        ...{ id, type, driver: driver?.name ?? null },
        vmm: { pciBus, backend, enableMigration, deviceDirtyPageTracking } as typeof vmm,
      };
    }),
    problems,
  };
}
