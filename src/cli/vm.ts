import {
  escaped,
  type FoundMachines,
  type ListedMachine,
  type Snapshot,
} from "../documents/mod.ts";
import { type Command, type Context, YES } from "./command.ts";
import { json, lookAtHost } from "./look.ts";
import { JSON_OUTPUT, LOOK_OPTIONS, usage } from "./options.ts";
import { type Columns, formatColumns } from "./table.ts";
import { runTag, TAG_OPTIONS } from "./vm_tag.ts";
import { snapshotWords, tellProblems } from "./words.ts";

export const command: Command = {
  args: "[NAME|UUID|PID] | tag NAME|UUID",
  about:
    `Lists the virtual machines of this host that use VFIO devices, with the QEMU that runs each and what
decides about a migration. With a name, UUID or pid, it shows one machine with its devices.

Processes of QEMU that hold VFIO devices are listed, and the machines of libvirt, also those that
are off. A dash means unknown. vfio-ask identity --vm prints the document of a machine, to ask
another host about it.

vm tag puts that document, without the domain XML, into the machine's metadata in libvirt, where it
goes with a migration: vfio-ask hook on the destination's host reads it. Repeat it when the devices
of the machine have changed; --remove removes it.`,
  options: [...TAG_OPTIONS, ...LOOK_OPTIONS, JSON_OUTPUT],
  async run(context) {
    const { terminal, args, options } = context;
    if (args[0] === "tag") return await tag(context);
    const [wanted, ...rest] = args;
    if (rest.length > 0) {
      throw usage("vm takes one machine", "Run vfio-ask vm to list the machines.");
    }
    const { snapshot, found } = await lookAtMachines(context, null);
    const { listMachines, machineNamed } = await import("../vms/mod.ts");
    const machines = wanted === undefined ? found.machines : [machineNamed(found, wanted)];
    const list = listMachines(snapshot, { ...found, machines });
    if (options.json) {
      terminal.out(json(list));
      return YES;
    }
    const own = list.vms.flatMap(({ problems }) => problems);
    tellProblems(terminal, [...list.problems, ...own]);
    terminal.out(`${snapshotWords(snapshot)}\n`);
    terminal.out(wanted === undefined ? formatList(list.vms) : formatOne(list.vms[0]!));
    return YES;
  },
};

async function tag(context: Context): Promise<number> {
  const [, name, ...rest] = context.args;
  if (name === undefined || rest.length > 0) {
    throw usage("vm tag needs one machine", "Run vfio-ask vm to list the machines.");
  }
  return await runTag(context, name, async () => {
    const { snapshot, found } = await lookAtMachines(context, null);
    const { describeMachine, machineNamed } = await import("../vms/mod.ts");
    return await describeMachine(snapshot, machineNamed(found, name));
  });
}

/** The host and its virtual machines, with the XML of one of them. */
export async function lookAtMachines(
  context: Context,
  xmlOf: string | null,
): Promise<{ snapshot: Snapshot; found: FoundMachines }> {
  const { access } = await context.openWorld();
  // The machines first: a device that is plugged in meanwhile is then in the snapshot.
  const found = await access.readMachines({ xmlOf, secrets: true });
  return { snapshot: await lookAtHost(context), found };
}

const LIST: Columns<ListedMachine> = {
  "NAME": ({ name }) => name,
  "UUID": ({ uuid }) => uuid ?? "-",
  "PID": ({ pid }) => pid === null ? "-" : String(pid),
  "STATE": ({ state }) => state,
  "QEMU": ({ vmm }) => vmm.qemu ?? "-",
  "MACHINE TYPE": ({ vmm }) => vmm.machineType ?? "-",
  "BACKEND": ({ devices }) =>
    [...new Set(devices.map(({ vmm }) => vmm.backend ?? "-"))].join(",") || "-",
  "DEVICES": ({ devices }) => devices.map(({ id }) => id).join(",") || "-",
};

function formatList(machines: readonly ListedMachine[]): string {
  if (machines.length > 0) return formatColumns(machines, LIST);
  return "No virtual machine uses a VFIO device, as far as this user can see.\n";
}

const DEVICES: Columns<ListedMachine["devices"][number]> = {
  "DEVICE": ({ id }) => id,
  "TYPE": ({ type }) => type,
  "DRIVER": ({ driver }) => driver ?? "-",
  "PCI BUS": ({ vmm }) => vmm.pciBus ?? "-",
  "BACKEND": ({ vmm }) => vmm.backend ?? "-",
  "ENABLE-MIGRATION": ({ vmm }) => vmm.enableMigration ?? "-",
  "DEVICE DIRTY TRACKING": ({ vmm }) => vmm.deviceDirtyPageTracking ?? "-",
};

function formatOne({ name, uuid, state, pid, vmm, libvirt, devices }: ListedMachine): string {
  const rows: readonly (readonly [string, string])[] = [
    ["name", name],
    ["uuid", uuid ?? "-"],
    ["state", pid === null ? state : `${state}, process ${pid}`],
    ["qemu", vmm.qemu ?? "-"],
    ["machine type", vmm.machineType ?? "-"],
    ["libvirt", libvirt === null ? "-" : libvirt.version ?? "of unknown version"],
  ];
  const heading = rows.map(([label, value]) => `${label.padEnd(14)}${escaped(value)}\n`).join("");
  return `${heading}\n${devices.length === 0 ? "no devices\n" : formatColumns(devices, DEVICES)}`;
}
