import { join } from "@std/path";
import { readCount, readSet, readText } from "./fact.ts";
import { type FactReader, isFunctionOf } from "./reader.ts";

/**
 * Facts of a function of qat_vfio_pci, from its physical function: `services`, the set of configured services (`asym`,
 * `sym`, `dc`, `dcc`) in any order; `numRps`, the ring pairs of the whole device; `qatState`, `up` or `down`.
 *
 * `drivers/crypto/intel/qat/qat_common/adf_gen4_vf_mig.c` holds what a load compares. The map of rings to services must
 * be equal; `services` decides it. The target's capabilities must be a superset; they follow from device and services.
 * The target's rate limits must not be lower; sysfs does not report them (`qat_rl/` shows only the last query).
 *
 * Source: `<pf>/qat/{state,cfg_services}` since 6.0, `<pf>/qat/num_rps` since 6.7,
 * `drivers/crypto/intel/qat/qat_common/adf_sysfs.c`.
 */
export const QAT: FactReader = {
  name: "qat",
  of: "parent",
  appliesTo: isFunctionOf("qat_vfio_pci"),
  read: ({ parent }) => ({
    services: readSet(join(parent!.path, "qat/cfg_services"), /[;\s]+/),
    numRps: readCount(join(parent!.path, "qat/num_rps")),
    qatState: readText(join(parent!.path, "qat/state")),
  }),
};
