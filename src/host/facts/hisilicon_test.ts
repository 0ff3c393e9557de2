import { assertEquals } from "@std/assert";
import { plantEmptyHost } from "../../../tests/fixtures/planted_host.ts";
import { factsOf, PARENT_FACTS, plantFunction } from "./testing.ts";

Deno.test("HISILICON reports the accelerator's interface and the distribution of queues", () => {
  using host = plantEmptyHost();
  const planted = plantFunction(host, {
    driver: "hisi_acc_vfio_pci",
    physical: {
      driver: "hisi_zip",
      module: "hisi_zip",
      attributes: {
        "sriov_numvfs": "3",
        "uacce/hisi_zip-0/api": "hisi_qm_v3",
        "uacce/hisi_zip-0/algorithms": "zlib\ngzip\ndeflate",
        "uacce/hisi_zip-0/isolate": "0",
      },
    },
  });
  host.sys.attribute("module/hisi_zip/parameters/pf_q_num", "256");
  assertEquals(factsOf(host, planted), {
    ...PARENT_FACTS,
    api: "hisi_qm_v3",
    algorithms: ["deflate", "gzip", "zlib"],
    isolated: false,
    pfQueues: 256,
    numVfs: 3,
  });
});

Deno.test("HISILICON has nulls if the IOMMU has no SVA and uacce therefore no device", () => {
  using host = plantEmptyHost();
  const planted = plantFunction(host, { driver: "hisi_acc_vfio_pci" });
  const facts = { api: null, algorithms: null, isolated: null, pfQueues: null, numVfs: null };
  assertEquals(factsOf(host, planted), { ...PARENT_FACTS, ...facts });
});
