import type { Scenario } from "../scenario.ts";
import {
  inTree,
  migrationV2,
  ORDINARY_PROCESSES,
  pciFunction,
  type Place,
  qemuWithCdevs,
  qemuWithGroups,
  virtualFunction,
} from "./device_parts.ts";
import { endpoint, migrationV1, platformNic, qatFunction, qatMigration } from "./lab_functions.ts";
import { mdpy, mtty } from "./mdev_samples.ts";
import { l40s } from "./nvidia_l40s.ts";
import { KIB } from "./pci_parts.ts";

/** Five ports are in use. A virtual machine holds a device with two of them. */
const MTTY = mtty([
  { id: "83b8f4f2-509f-4c1a-9b0e-6d2c7a41e0a1", type: "1", iommuGroup: 70, index: 0 },
  { id: "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2", type: "2", iommuGroup: 71, index: 1 },
  { id: "c2a7d1b0-3e96-4f04-b7c8-94e5a06d81c3", type: "2", iommuGroup: 72, index: 2 },
]);
const MDPY = mdpy([
  { id: "5e0d94a6-cb12-4a7f-9d3b-27f81c60e4d4", type: "vga", iommuGroup: 73, index: 3 },
]);

const QAT_PF = pciFunction(
  at("0000:6b:00.0", "pci0000:6a/0000:6a:02.0", 30),
  endpoint("8086:4940", "8086:0000", { class: 0x0b4000, revision: 0x40, address: 0x21000000000 }),
  { driver: "4xxx", totalVfs: 16 },
);
/** vfio4 and vfio5. The first is in use. */
const QAT_VFS = [0, 1].map((i) =>
  virtualFunction(QAT_PF, {
    offset: 1 + i,
    iommuGroup: 31 + i,
    driver: "qat_vfio_pci",
    index: 4 + i,
    vfio: { migration: qatMigration("sym;asym") },
  }, qatFunction("8086:4941", 0x21000100000 + i * 64 * KIB))
);

/** vfio6 to vfio9. The first has type L40S-8Q and is in use, the others have no type. */
const L40S = l40s(
  { ...at("0000:17:00.0", "pci0000:16/0000:16:02.0", 12), address: 0x3900_0000_0000 },
  { current: [1152, 0, 0, 0], firstGroup: 13, firstIndex: 6 },
);

const DSC_PF = pciFunction(
  at("0000:b5:00.0", "pci0000:b4/0000:b4:02.0", 50),
  endpoint("1dd8:1002", "1dd8:4000", { class: 0x020000, address: 0x22000000000 }),
  { driver: "pds_core", totalVfs: 8 },
);
/** vfio10: answers the dirty tracking probe, but fails the report. */
const DSC_VF = virtualFunction(DSC_PF, {
  offset: 1,
  iommuGroup: 51,
  driver: "pds_vfio_pci",
  index: 10,
  vfio: {
    migration: migrationV2(["stop-copy", "p2p"], { stopCopyBytes: 64 * KIB }),
    dirtyTracking: "fails",
  },
}, endpoint("1dd8:1003", "1dd8:4000", { class: 0x020000, address: 0x22000100000 }));

/** vfio11: an out-of-tree driver that still uses the migration region. */
const C62X = pciFunction(
  at("0000:3f:01.0", "pci0000:3e/0000:3e:01.0", 18),
  qatFunction("8086:37c9", 0x20f00000000),
  { driver: "c6xxvf_vfio_pci", index: 11, vfio: { migration: migrationV1("4.20.0-00001") } },
);

/** vfio12: shares its group with a sound function that the host uses. */
const RADEON = pciFunction(
  at("0000:06:00.0", "pci0000:00/0000:00:1c.0", 25),
  endpoint("1002:7341", "1002:0e3b", { class: 0x030000, address: 0x23000000000 }),
  { driver: "vfio-pci", index: 12 },
);
const RADEON_SOUND = pciFunction(
  at("0000:06:00.1", "pci0000:00/0000:00:1c.0", 25),
  endpoint("1002:ab38", "1002:ab38", { class: 0x040300, address: 0x23000200000 }),
  { driver: "snd_hda_intel" },
);

/** vfio13: a port without an IOMMU. */
const WITHOUT_IOMMU = pciFunction(
  at("0000:09:00.0", "pci0000:00/0000:00:1d.0", 74),
  endpoint("8086:1533", "8086:0001", { class: 0x020000, revision: 0x03, address: 0x91200000 }),
  { driver: "vfio-pci", index: 13, vfio: { iommu: "noiommu" } },
);

/** vfio15: a disk with unreadable attributes, as on failing hardware. */
const UNREADABLE = pciFunction(
  at("0000:0a:00.0", "pci0000:00/0000:00:1d.4", 27),
  endpoint("8086:0a54", "8086:4702", { class: 0x010802, address: 0x91300000 }),
  { driver: "vfio-pci", index: 15, unreadable: ["vendor", "device", "modalias"] },
);

function at(id: string, above: string, iommuGroup: number): Place {
  return { id, above, iommuGroup, numaNode: 0 };
}

/** A lab host with a bit of everything: samples, accelerators, a shared GPU, old and broken drivers. */
export const mixed = (): Scenario => ({
  host: {
    name: "lab-01",
    kernel: "6.12.57+deb13-amd64",
    bootId: "b8a4c0d2-77e1-4f39-8a06-3d5e9c1b7f63",
    iommufd: true,
    iommuDirtyTracking: true,
    noiommu: true,
  },
  modules: [
    { name: "nvidia", version: "550.54.16", srcversion: "7C1E3A5F0B9D24E6A8F1C37" },
    { name: "c6xxvf_vfio_pci", version: "4.20.0", srcversion: "5E8F20C9A6D3B71405C9E2A" },
    inTree("mtty", "0B7C6D5E4F3A29180716253"),
    inTree("mdpy", "19283746A5B4C3D2E1F0918"),
    inTree("qat_4xxx", "6F1D2C3B4A5968778695A4B"),
    inTree("qat_vfio_pci", "C3D2E1F0A9B8C7D6E5F4031"),
    inTree("pds_core", "2A4C6E80F1B3D5979B8D6F4"),
    inTree("pds_vfio_pci", "D7B5938F6E4C2A0816395B7"),
    inTree("snd_hda_intel", "8E9FA0B1C2D3E4F50617283"),
    inTree("vfio_pci", "F4E3D2C1B0A998877665544"),
    inTree("vfio_platform", "35465768798A9BACBDCEDFE"),
  ],
  devices: [
    ...MTTY,
    ...MDPY,
    QAT_PF,
    ...QAT_VFS,
    ...L40S,
    DSC_PF,
    DSC_VF,
    C62X,
    RADEON,
    RADEON_SOUND,
    WITHOUT_IOMMU,
    platformNic({ id: "AMDI8001:00", above: "platform", iommuGroup: 26, numaNode: null }, 14),
    UNREADABLE,
  ],
  processes: [
    ...ORDINARY_PROCESSES,
    qemuWithGroups(4711, ["72"], [
      ...["/usr/bin/qemu-system-x86_64", "-name", "guest=console,debug-threads=on"],
      ...["-machine", "pc-q35-10.0,usb=off", "-uuid", "4d0c6f5e-0b7a-4c55-8a3e-2f6d1b9e7c01"],
      ...["-device", '{"driver":"pcie-root-port","id":"pci.1","bus":"pcie.0","addr":"0x1"}'],
      "-device",
      '{"driver":"vfio-pci","id":"hostdev0","bus":"pci.1","addr":"0x0","enable-migration":"on",' +
      '"sysfsdev":"/sys/bus/mdev/devices/c2a7d1b0-3e96-4f04-b7c8-94e5a06d81c3"}',
    ]),
    qemuWithCdevs(5120, ["vfio4"], [
      ...["qemu-system-x86_64", "-name", "crypto", "-M", "q35", "-object", "iommufd,id=iommufd0"],
      ...["-device", "vfio-pci,host=6b:00.1,iommufd=iommufd0"],
    ]),
    qemuWithGroups(5533, ["13"]),
  ],
});
