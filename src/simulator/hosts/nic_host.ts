import type { Scenario, SimulatedDevice } from "../scenario.ts";
import { inTree, ORDINARY_PROCESSES, qemuWithCdevs, qemuWithGroups } from "./device_parts.ts";
import { connectX7, connectXVf, e810, e810Vf, mlx5Migration } from "./network_functions.ts";
import { KIB, MIB } from "./pci_parts.ts";

const [FIRST_PORT, SECOND_PORT] = [connectXPort(0), connectXPort(1)];
const E810_PORT = e810({
  id: "0000:41:00.0",
  above: "pci0000:40/0000:40:03.1",
  iommuGroup: 21,
  numaNode: 0,
  address: 0x18046000000,
}, 64);

/** Eight that can migrate: vfio0 to vfio7. */
const MIGRATABLE = functions(8, (i) =>
  connectXVf(FIRST_PORT, {
    offset: 2 + i,
    iommuGroup: 100 + i,
    address: 0x20080000000 + i * 2 * MIB,
    driver: "mlx5_vfio_pci",
    index: i,
    vfio: { migration: mlx5Migration("28.43.1014"), dirtyTracking: "works" },
  }));

/** Four bound to plain vfio-pci, vfio8 to vfio11, and four used by containers on the host. */
const PLAIN = functions(8, (i) =>
  connectXVf(SECOND_PORT, {
    offset: 9 + i,
    iommuGroup: 108 + i,
    address: 0x20081000000 + i * 2 * MIB,
    driver: i < 4 ? "vfio-pci" : "mlx5_core",
    index: i < 4 ? 8 + i : null,
  }));

/** vfio12 to vfio15. */
const IAVF = functions(4, (i) =>
  e810Vf(E810_PORT, {
    offset: 8 + i,
    iommuGroup: 60 + i,
    address: 0x18049000000 + i * 256 * KIB,
    driver: "vfio-pci",
    index: 12 + i,
  }));

function connectXPort(port: number): SimulatedDevice {
  return connectX7({
    id: `0000:c1:00.${port}`,
    above: "pci0000:c0/0000:c0:01.1",
    iommuGroup: 44 + port,
    numaNode: 1,
    address: 0x2007c000000 + port * 32 * MIB,
  }, 8);
}

function functions(count: number, make: (i: number) => SimulatedDevice): SimulatedDevice[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

/** A ConnectX-7 with sixteen virtual functions, half of them migratable, and an E810. Some are not for guests. */
export const nicHost = (): Scenario => ({
  host: {
    name: "hv-nic-01",
    kernel: "6.8.0-51-generic",
    bootId: "0f3e7f0c-1a7e-4a9c-8f83-6f0c2f1d9b42",
    iommufd: true,
    iommuDirtyTracking: true,
    noiommu: false,
  },
  modules: [
    inTree("mlx5_core", "C50F9A17E3B8264D01E6A9F"),
    inTree("mlx5_vfio_pci", "8B3D60E9A173C58E0D7F412"),
    inTree("vfio_pci", "A1C9E5D7F3B08264D1E6A90"),
    inTree("ice", "3F5A0B9D24E6A8F1C377C1E"),
  ],
  devices: [FIRST_PORT, SECOND_PORT, E810_PORT, ...MIGRATABLE, ...PLAIN, ...IAVF],
  processes: [
    ...ORDINARY_PROCESSES,
    { pid: 1655, comm: "ovs-vswitchd", files: ["/dev/null", "socket:[30211]", "/dev/net/tun"] },
    qemuWithCdevs(31201, ["vfio0"]),
    qemuWithCdevs(31544, ["vfio1", "vfio12"]),
    qemuWithGroups(32090, ["102"]),
    qemuWithGroups(32717, ["103", "108"]),
  ],
});
