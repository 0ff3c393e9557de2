import { join } from "@std/path";
import { readCount, readSet, readText } from "./fact.ts";
import { type FactReader, isFunctionOf } from "./reader.ts";

/**
 * Of a function of qat_vfio_pci, from its physical one: `services`, the set that it is configured for
 * (`asym`, `sym`, `dc`, `dcc`), in either order the same; `numRps`, the ring pairs of the whole device;
 * `qatState`, `up` or `down`.
 *
 * What a load compares is in `drivers/crypto/intel/qat/qat_common/adf_gen4_vf_mig.c`: the map of rings to
 * services must be equal, which `services` decides; the target's capabilities must be a superset, which
 * follow from device and services; and its rate limits must be no lower, which sysfs does not tell
 * (`qat_rl/` is a window that shows what was asked last).
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
