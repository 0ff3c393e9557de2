import { join } from "@std/path";
import { lastPart, readLink } from "../attribute.ts";
import { readIommu } from "../iommu.ts";
import type { HostRoots } from "../roots.ts";
import { type Facts, readText, toSet, unlessRefused } from "./fact.ts";

/**
 * How drivers name their units in `/sys/class/iommu`, and what they are. Source: the calls of
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
 * What is declared of the host: `iommu`, the kind of its IOMMU (`intel`, `amd`, `arm-smmu-v3`, `s390`…, else the
 * driver's name, as `virtio_iommu`), `none` where it has none, joined by `+` where there are several kinds;
 * `architecture`, as `uname -m` says it.
 *
 * `iommu` is null where the kernel has made groups but shows no unit, or a unit that cannot be named.
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

/** The driver of the device that a unit belongs to. Source: `/sys/class/iommu/U/device/driver`. */
function readUnitDriver({ sys }: HostRoots, unit: string): string | null {
  const link = readLink(join(sys, "class/iommu", unit, "device/driver"));
  return link === null ? null : lastPart(link);
}
