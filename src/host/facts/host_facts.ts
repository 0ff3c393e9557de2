import { join } from "@std/path";
import { lastPart, readLink } from "../attribute.ts";
import { readIommu } from "../iommu.ts";
import type { HostRoots } from "../roots.ts";
import { type Facts, readText, toSet, unlessRefused } from "./fact.ts";

/**
 * Names that drivers give their units in `/sys/class/iommu`, and the kind of each. Source: the calls of
 * `iommu_device_sysfs_add` in `drivers/iommu/{intel/dmar,amd/init,arm/arm-smmu-v3/arm-smmu-v3,
 * arm/arm-smmu/arm-smmu,s390-iommu,apple-dart,riscv/iommu}.c` and `arch/powerpc/kernel/iommu.c`.
 */
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/^dmar\d+$/, "intel"],
  [/^ivhd\d+$/, "amd"],
  [/^smmu3\./, "arm-smmu-v3"],
  [/^smmu\./, "arm-smmu"],
  [/^s390-iommu\./, "s390"],
  [/^riscv-iommu@/, "riscv"],
  [/^apple-dart\./, "apple-dart"],
  [/^iommu-phb/, "spapr"],
];

/**
 * Facts of the host: `iommu`, the kind of its IOMMU (`intel`, `amd`, `arm-smmu-v3`, `s390`…, otherwise the driver's
 * name, such as `virtio_iommu`), or `none`. Several kinds are joined by `+`. `architecture` is that of `uname -m`.
 *
 * `iommu` is null if the kernel has created groups but shows no unit, or a unit of unknown kind.
 *
 * Source: `/sys/class/iommu/*`, `drivers/iommu/iommu-sysfs.c`, since 3.17; `/proc/sys/kernel/arch`,
 * `kernel/utsname_sysctl.c`, since 6.1.
 */
export function readHostFacts(roots: HostRoots): Facts {
  return {
    iommu: unlessRefused(() => readIommuKind(roots)),
    architecture: readText(join(roots.proc, "sys/kernel/arch")),
  };
}

function readIommuKind(roots: HostRoots): string | null {
  const { units, groups } = readIommu(roots);
  if (units.length === 0) return groups ? null : "none";
  const kinds = units.map((unit) =>
    UNITS.find(([pattern]) => pattern.test(unit))?.[1] ?? readUnitDriver(roots, unit)
  );
  return toSet(kinds.map((kind) => kind ?? "")).join("+") || null;
}

/** The driver of a unit's device. Source: `/sys/class/iommu/U/device/driver`. */
function readUnitDriver({ sys }: HostRoots, unit: string): string | null {
  const link = readLink(join(sys, "class/iommu", unit, "device/driver"));
  return link === null ? null : lastPart(link);
}
