import { join } from "@std/path";
import { listNames, readText } from "./fact.ts";
import { type FactReader, isVirtualFunction } from "./reader.ts";

/**
 * Of a virtual function whose physical one is an RDMA device, those of mlx5_vfio_pci above all: `firmware`
 * (`22.39.1002`), `boardId` (`MT_0000000359`, the card's PSID), `hcaType` (`MT4125`), `linkLayer` (`Ethernet` or
 * `InfiniBand`). The driver compares nothing itself (`drivers/vfio/pci/mlx5/main.c`): the firmware takes or refuses a state.
 *
 * A physical function without an RDMA device has none of them: mlx5_ib is not loaded, or the function is
 * the second one of a bond, whose device is the first one's. devlink then tells firmware and PSID. All devices of a
 * function have one firmware, so that the first is read, and its first port.
 *
 * Source: `<pf>/infiniband/D/fw_ver`, `drivers/infiniband/core/sysfs.c`, since 4.10; `board_id` and
 * `hca_type`, `drivers/infiniband/hw/mlx5/main.c`, since 3.11, and of other vendors their own; `ports/1/link_layer`,
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
