import { assertEquals } from "@std/assert";
import { plantEmptyHost } from "../../../tests/fixtures/planted_host.ts";
import { factsOf, PARENT_FACTS, PF, plantFunction } from "./testing.ts";

const RDMA = {
  "infiniband/mlx5_0/fw_ver": "22.39.1002",
  "infiniband/mlx5_0/board_id": "MT_0000000359",
  "infiniband/mlx5_0/hca_type": "MT4125",
  "infiniband/mlx5_0/ports/1/link_layer": "Ethernet",
};

for (const driver of ["mlx5_vfio_pci", "vfio-pci"]) {
  Deno.test(`RDMA reports the physical function's firmware for a function of ${driver}`, () => {
    using host = plantEmptyHost();
    const planted = plantFunction(host, { driver, physical: { attributes: RDMA } });
    const facts = {
      firmware: "22.39.1002",
      boardId: "MT_0000000359",
      hcaType: "MT4125",
      linkLayer: "Ethernet",
    };
    assertEquals(factsOf(host, planted), { ...PARENT_FACTS, ...facts });
  });
}

Deno.test("RDMA has no facts without an RDMA device, and nulls for missing attributes", () => {
  using host = plantEmptyHost();
  const planted = plantFunction(host, { driver: "mlx5_vfio_pci" });
  assertEquals(factsOf(host, planted), PARENT_FACTS);
  host.sys.attribute(`${PF}/infiniband/bnxt_re0/fw_ver`, "227.0.130.0");
  const facts = { firmware: "227.0.130.0", boardId: null, hcaType: null, linkLayer: null };
  assertEquals(factsOf(host, planted), { ...PARENT_FACTS, ...facts });
});
