import { join } from "@std/path";
import { listNames, readText } from "./fact.ts";
import { type FactReader, isVirtualFunction } from "./reader.ts";

/**
 * Facts of a virtual function whose physical function is an RDMA device, mainly those of mlx5_vfio_pci: `firmware`
 * (`22.39.1002`), `boardId` (`MT_0000000359`, the card's PSID), `hcaType` (`MT4125`), `linkLayer` (`Ethernet` or
 * `InfiniBand`). The driver compares nothing itself (`drivers/vfio/pci/mlx5/main.c`): the firmware accepts or refuses a
 * state.
 *
 * A physical function without an RDMA device has none of these facts: mlx5_ib is not loaded, or it is the second
 * function of a bond, which shares the first function's device. devlink then reports firmware and PSID. All devices of
 * a function have the same firmware, so only the first is read, and its first port.
 *
 * Source: `<pf>/infiniband/D/fw_ver`, `drivers/infiniband/core/sysfs.c`, since 4.10; `board_id` and `hca_type`,
 * `drivers/infiniband/hw/mlx5/main.c`, since 3.11, and other vendors' own; `ports/1/link_layer`,
 * `drivers/infiniband/core/sysfs.c`, since 2.6.37.
 */
export const RDMA: FactReader = {
  name: "rdma",
  of: "parent",
  appliesTo: isVirtualFunction,
  read: ({ parent }) => {
    const folder = join(parent!.path, "infiniband");
    const [name] = listNames(folder);
    if (name === undefined) return {};
    return {
      firmware: readText(join(folder, name, "fw_ver")),
      boardId: readText(join(folder, name, "board_id")),
      hcaType: readText(join(folder, name, "hca_type")),
      linkLayer: readText(join(folder, name, "ports/1/link_layer")),
    };
  },
};
