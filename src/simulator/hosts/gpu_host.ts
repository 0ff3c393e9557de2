import type { Scenario, SimulatedDevice } from "../scenario.ts";
import {
  inTree,
  ORDINARY_PROCESSES,
  pciFunction,
  qemuWithCdevs,
  qemuWithGroups,
} from "./device_parts.ts";
import { teslaT4 } from "./nvidia_t4.ts";
import { bar, KIB, msi, msix, pciExpress, pciHeader, powerManagement } from "./pci_parts.ts";

/** Three of four T4-4Q. */
const FIRST_T4 = teslaT4(
  { id: "0000:3b:00.0", above: "pci0000:3a/0000:3a:00.0", iommuGroup: 38, numaNode: 0 },
  { low: 0xb7000000, high: 0x39ffe0000000 },
  {
    type: 232,
    firstGroup: 120,
    firstIndex: 1,
    ids: [
      "3a6f0d52-8c1e-4b7a-9f25-61d0e4c7a101",
      "7be2c914-05d3-4f68-a1c0-92f6b8d35e02",
      "c40d81ae-6b92-4e1f-8d37-0f5a29e6b703",
    ],
  },
);
/** Four of eight T4-2Q. */
const SECOND_T4 = teslaT4(
  { id: "0000:af:00.0", above: "pci0000:ae/0000:ae:00.0", iommuGroup: 71, numaNode: 1 },
  { low: 0xed000000, high: 0x3affe0000000 },
  {
    type: 231,
    firstGroup: 130,
    firstIndex: 4,
    ids: [
      "15f7a3c8-94e0-4d2b-b6a1-7e83c05d9f04",
      "58d04be1-2f7c-4a96-8e53-b19c6f0a7d05",
      "9c2e6f07-d18a-4053-a7f4-3d5b80e1c206",
      "e1b95d34-7a60-4c8f-92de-05a4f7c36807",
    ],
  },
);

/** A Samsung PM9A3 on one of three ports, passed through whole to a guest, or used by the host. */
function nvme(
  port: number,
  { address, index }: { address: number; index: number | null },
): SimulatedDevice {
  const place = {
    id: `0000:${(0xd8 + port).toString(16)}:00.0`,
    above: `pci0000:d7/0000:d7:0${port}.0`,
    iommuGroup: 90 + port,
    numaNode: 1,
  };
  const header = pciHeader("144d:a80a", "144d:a813", {
    class: 0x010802,
    bars: [bar(0, "mem64", 16 * KIB, { address, prefetchable: false, mmap: "msix" })],
    capabilities: [powerManagement(0x40), msi(0x50), pciExpress(0x70), msix(0xb0, 129, 0)],
    extendedCapabilities: [[0x0001, 0x100], [0x0004, 0x158], [0x0019, 0x168]],
  });
  return pciFunction(place, header, { driver: index === null ? "nvme" : "vfio-pci", index });
}

/** Two Tesla T4 GPUs that offer mdevs, one per socket, and two NVMe disks passed through whole. */
export const gpuHost = (): Scenario => ({
  host: {
    name: "hv-gpu-01",
    kernel: "6.8.0-51-generic",
    bootId: "5d0c4a4e-5b0a-4f0e-9d55-2b1f7c6f2a11",
    iommufd: true,
    iommuDirtyTracking: false,
    noiommu: false,
  },
  modules: [
    { name: "nvidia", version: "550.54.16", srcversion: "7C1E3A5F0B9D24E6A8F1C37" },
    { name: "nvidia_vgpu_vfio", version: "550.54.16", srcversion: "B2F4D60E9A173C58E0D7F41" },
    inTree("vfio_pci", "A1C9E5D7F3B08264D1E6A90"),
    inTree("nvme", "E60F2B8D4C7A91536F0D2B8"),
  ],
  devices: [
    ...FIRST_T4,
    ...SECOND_T4,
    nvme(0, { address: 0xf8f00000, index: 0 }),
    nvme(1, { address: 0xf8e00000, index: 8 }),
    nvme(2, { address: 0xf8d00000, index: null }),
  ],
  processes: [
    ...ORDINARY_PROCESSES,
    {
      pid: 1790,
      comm: "nvidia-vgpu-mgr",
      files: ["/dev/null", "/dev/nvidiactl", "/dev/nvidia-vgpu1", "/dev/nvidia0", "/dev/nvidia1"],
    },
    qemuWithGroups(20114, ["120"]),
    qemuWithGroups(20877, ["121"]),
    qemuWithGroups(21350, ["130", "131"]),
    qemuWithCdevs(22048, ["vfio6", "vfio0"]),
  ],
});
