import { join } from "@std/path";
import { listNames, readCount, readFlag, readSet, readText } from "./fact.ts";
import { type FactReader, isFunctionOf } from "./reader.ts";

/**
 * Facts of a function of hisi_acc_vfio_pci, from its physical function: `api` (`hisi_qm_v3`, the generation of the
 * queue manager), `algorithms`, `isolated` (hardware errors took it out of use); `pfQueues`, the queues that the
 * physical function keeps; `numVfs`, how many functions share the rest.
 *
 * `vf_qm_check_match` in `drivers/vfio/pci/hisilicon/hisi_acc_vfio_pci.c` compares the function's device id, its number
 * of queues, and a register of queue isolation. The id is the function's own. The number of queues is not in sysfs, but
 * follows from `pfQueues` and `numVfs` (`qm_vf_q_assign` in `drivers/crypto/hisilicon/qm.c`; the last function may also
 * get the remainder). The register is not in sysfs, and `isolated` is something else.
 *
 * Source: `<pf>/uacce/D/{api,algorithms}` since 5.7 and `isolate` since 6.1, `drivers/misc/uacce/uacce.c`, which exists
 * only if the IOMMU has SVA; `/sys/module/M/parameters/pf_q_num` of hisi_zip, hisi_sec2 or hisi_hpre,
 * `drivers/crypto/hisilicon/zip/zip_main.c` and its counterparts; `<pf>/sriov_numvfs`, `drivers/pci/iov.c`.
 */
export const HISILICON: FactReader = {
  name: "hisilicon",
  of: "parent",
  appliesTo: isFunctionOf("hisi_acc_vfio_pci"),
  read: ({ roots, parent }) => {
    const { path, driver } = parent!;
    const uacce = join(path, "uacce", listNames(join(path, "uacce"))[0] ?? "none");
    const parameters = join(
      roots.sys,
      "module",
      driver?.module ?? driver?.name ?? "none",
      "parameters",
    );
    return {
      api: readText(join(uacce, "api")),
      algorithms: readSet(join(uacce, "algorithms"), /\n/),
      isolated: readFlag(join(uacce, "isolate")),
      pfQueues: readCount(join(parameters, "pf_q_num")),
      numVfs: readCount(join(path, "sriov_numvfs")),
    };
  },
};
