import type {
  KernelModule,
  MigrationV2,
  PciHeader,
  SimulatedDevice,
  SimulatedProcess,
  SimulatedVfio,
} from "../scenario.ts";
import { msixVectors } from "./pci_parts.ts";

/** The location of a device: its name, the directory above its own, its group and its node. */
export interface Place {
  readonly id: string;
  readonly above: string;
  readonly iommuGroup: number | null;
  readonly numaNode: number | null;
}

/** A device on some bus, with only the given parts. */
export function device(
  { id, above, iommuGroup, numaNode }: Place,
  rest: Pick<SimulatedDevice, "subsystem"> & Partial<SimulatedDevice>,
): SimulatedDevice {
  return {
    id,
    directory: `${above}/${id}`,
    iommuGroup,
    numaNode,
    driver: null,
    pci: null,
    physfn: null,
    totalVfs: null,
    mdevTypes: [],
    mdevType: null,
    attributes: {},
    unreadable: [],
    vfio: null,
    ...rest,
  };
}

/** How a PCI function is used: its driver, and its VFIO number if the driver is VFIO's. */
export interface Use {
  readonly driver: string;
  readonly index?: number | null;
  /** Differences from plain `vfio-pci`. */
  readonly vfio?: Partial<SimulatedVfio>;
}

/** A PCI function, bound to a driver. */
export function pciFunction(
  place: Place,
  pci: PciHeader,
  { driver, index = null, vfio, ...rest }: Use & Partial<Omit<SimulatedDevice, "driver" | "vfio">>,
): SimulatedDevice {
  return device(place, {
    subsystem: { bus: "pci" },
    pci,
    driver,
    vfio: index === null ? null : vfioPci(index, pci, vfio),
    ...rest,
  });
}

/** A virtual function: its use, and its number plus the first offset in its port's SR-IOV capability. */
export interface VirtualFunction extends Use {
  readonly offset: number;
  readonly iommuGroup: number;
}

/** A virtual function: behind the same bridge as its physical function, on the same node. */
export function virtualFunction(
  physfn: SimulatedDevice,
  { offset, iommuGroup, ...use }: VirtualFunction,
  header: PciHeader,
): SimulatedDevice {
  const id = virtualFunctionAddress(physfn.id, offset);
  const above = physfn.directory.slice(0, physfn.directory.lastIndexOf("/"));
  const place = { id, above, iommuGroup, numaNode: physfn.numaNode };
  return pciFunction(place, header, { ...use, physfn: physfn.id });
}

/** The address of a virtual function, with a stride of 1. */
function virtualFunctionAddress(physfn: string, offset: number): string {
  const [domain, bus, rest] = physfn.split(":") as [string, string, string];
  const [slot, fn] = rest.split(".") as [string, string];
  const id = (parseInt(slot, 16) << 3) + Number(fn) + offset;
  const hex = (value: number) => value.toString(16).padStart(2, "0");
  return `${domain}:${hex(parseInt(bus, 16) + (id >> 8))}:${hex(id >> 3 & 0x1f)}.${id & 7}`;
}

/** An mdev of a parent: in the parent's directory, with an IOMMU group that VFIO creates. */
export function mdev(
  parent: SimulatedDevice,
  { id, iommuGroup, type }: { id: string; iommuGroup: number; type: string },
  { driver, vfio }: { driver: string; vfio: SimulatedVfio },
): SimulatedDevice {
  const place = { id, above: parent.directory, iommuGroup, numaNode: null };
  return device(place, { subsystem: { bus: "mdev" }, driver, mdevType: type, vfio });
}

/** A VFIO device behind an IOMMU that answers nothing beyond the basics. */
export const PLAIN_VFIO = {
  iommu: "physical",
  guest: null,
  regionSizes: [],
  reset: "flagged",
  openErrno: null,
  migration: null,
  dirtyTracking: "absent",
} as const satisfies Partial<SimulatedVfio>;

/** A VFIO device that its guest sees as a PCI function. */
export function vfioPci(
  index: number,
  guest: PciHeader,
  rest: Partial<SimulatedVfio> = {},
): SimulatedVfio {
  const hasMsi = guest.capabilities.some(({ id }) => id === 0x05);
  const irqs = [1, hasMsi ? 1 : 0, msixVectors(guest), 1, 1];
  return { ...PLAIN_VFIO, index, api: "vfio-pci", guest, irqs, ...rest };
}

/** Migration by the state machine, for a driver that starts from RUNNING at every open. */
export function migrationV2(
  flags: MigrationV2["flags"],
  rest: Pick<MigrationV2, "stopCopyBytes"> & Partial<MigrationV2>,
): MigrationV2 {
  return {
    uapi: "v2",
    flags,
    initialData: null,
    refusal: "EINVAL",
    drained: "end",
    keepsStateOnClose: false,
    ...rest,
  };
}

/** A virtual machine that holds devices through their groups' nodes, QEMU's default. */
export function qemuWithGroups(
  pid: number,
  nodes: readonly string[],
  args: readonly string[] = [],
): SimulatedProcess {
  const files = nodes.flatMap((node) => [`/dev/vfio/${node}`, "anon_inode:[vfio-device]"]);
  return { ...qemu(pid, ["/dev/vfio/vfio", ...files]), args };
}

/** A virtual machine that holds devices through their cdevs, like QEMU with `-object iommufd`. */
export function qemuWithCdevs(
  pid: number,
  cdevs: readonly string[],
  args: readonly string[] = [],
): SimulatedProcess {
  const files = ["/dev/iommu", ...cdevs.map((cdev) => `/dev/vfio/devices/${cdev}`)];
  return { ...qemu(pid, files), args };
}

function qemu(pid: number, files: readonly string[]): SimulatedProcess {
  const usual = ["/dev/null", "pipe:[418271]", "pipe:[418271]", "anon_inode:[eventpoll]"];
  const kvm = ["/dev/kvm", "anon_inode:kvm-vm", "anon_inode:kvm-vcpu:0", "anon_inode:kvm-vcpu:1"];
  return { pid, comm: "qemu-system-x86", files: [...usual, ...kvm, ...files] };
}

/** An in-tree module: no version, and a `srcversion` as `modinfo` prints it. */
export function inTree(name: string, srcversion: string): KernelModule {
  return { name, version: null, srcversion };
}

/** Processes that run on every hypervisor and hold no VFIO device. */
export const ORDINARY_PROCESSES: readonly SimulatedProcess[] = [
  { pid: 1, comm: "systemd", files: ["/dev/null", "/dev/null", "/dev/null", "/dev/kmsg"] },
  { pid: 2, comm: "kthreadd", files: [] },
  { pid: 892, comm: "systemd-journal", files: ["/dev/null", "/dev/null", "socket:[14803]"] },
  { pid: 1317, comm: "sshd", files: ["/dev/null", "/dev/null", "/dev/null", "socket:[23310]"] },
  {
    pid: 1402,
    comm: "libvirtd",
    files: ["/dev/null", "socket:[24511]", "socket:[24512]", "anon_inode:[eventfd]", "/dev/kvm"],
  },
  { pid: 1466, comm: "virtlogd", files: ["/dev/null", "/var/log/libvirt/qemu/web-1.log"] },
];
