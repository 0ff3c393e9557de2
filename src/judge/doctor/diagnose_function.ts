import { deviceTypeName } from "../../documents/mod.ts";
import type { FunctionExamination, Unreadable } from "./examination.ts";
import { type Diagnosis, find } from "./finding.ts";
import { bindRemedy } from "./remedies.ts";

/** A virtual function without a VFIO driver, although the kernel has one that can migrate it. */
export function diagnoseFunction(
  { id, parent, driver, modalias, variant }: FunctionExamination,
): Diagnosis {
  const name = driver?.name ?? null;
  const bound = name === null ? "bound to no driver" : "bound to this host driver";
  const sentence = `${
    name ?? variant.driver
  }: the virtual function of ${parent} is ${bound}; this kernel has ${variant.driver}, which can migrate it`;
  const remedy = bindRemedy({ id, ...variant, bound: name !== null, inUse: false });
  const sysfs = { path: `/sys/bus/pci/devices/${id}/driver`, value: name };
  return {
    id,
    type: deviceTypeName(name ?? "no driver", modalias),
    driver,
    canMigrate: "no",
    findings: [find("blocks", "VariantDriverNotBound", { subject: id, sentence, remedy, sysfs })],
  };
}

/** A device that could not be read. */
export function diagnoseUnreadable({ id, sentence, remedy }: Unreadable): Diagnosis {
  const said = remedy ?? "Check dmesg for device errors.";
  const finding = find("unknown", "Unreadable", { subject: id, sentence, remedy: said });
  return { id, type: "unknown", driver: null, canMigrate: "unknown", findings: [finding] };
}
