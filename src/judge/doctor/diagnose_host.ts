import type { HostExamination } from "./examination.ts";
import { find, type Finding } from "./finding.ts";
import { ENABLE_IOMMU } from "./remedies.ts";
import { isOlder } from "../rules/mod.ts";
import {
  type HostSoftware,
  unmetConditions,
  VMM_NAMES,
  type VmmCondition,
  VMMS,
} from "../vmm/mod.ts";

const HOST = "host";

/** Findings about the host itself. None of them means that a device cannot migrate. */
export function diagnoseHost(host: HostExamination): Finding[] {
  return [...checkKernel(host), ...checkIommu(host), ...checkSoftware(host)];
}

/**
 * What the kernel lacks.
 *
 * Source: the merges of `vfio-v5.18-rc1` (migration v2) and `vfio-v6.6-rc1` (cdevs).
 */
function checkKernel({ kernel, iommufd, devices, cdevs, aliases }: HostExamination): Finding[] {
  const found: Finding[] = [];
  if (isOlder(kernel, "5.18")) {
    found.push(find("limits", "KernelWithoutV2", {
      subject: HOST,
      sentence: `Linux ${kernel}: it likely lacks VFIO migration v2, which came with 5.18`,
      remedy: "Boot Linux 6.6 or later, or a vendor kernel with a backport.",
      sysfs: { path: "/proc/sys/kernel/osrelease", value: kernel },
    }));
  }
  if (!iommufd || (devices > 0 && cdevs === 0)) {
    const missing = iommufd ? "/dev/vfio/devices" : "/dev/iommu";
    found.push(find("note", "NoIommufd", {
      subject: HOST,
      sentence:
        `Linux ${kernel}: there is no ${missing}, so QEMU cannot use the IOMMU's dirty tracking`,
      remedy: isOlder(kernel, "6.6")
        ? "Boot Linux 6.7 or later with CONFIG_IOMMUFD and CONFIG_VFIO_DEVICE_CDEV."
        : "Run modprobe iommufd, on a kernel with CONFIG_VFIO_DEVICE_CDEV.",
      sysfs: { path: missing, value: null },
    }));
  }
  if (!aliases) {
    const path = `/lib/modules/${kernel}/modules.alias`;
    found.push(find("note", "NoModulesAlias", {
      subject: HOST,
      sentence: `Linux ${kernel}: modules.alias, which lists variant drivers, cannot be read`,
      remedy: `Run depmod, or mount /lib/modules where vfio-ask runs.`,
      sysfs: { path, value: null },
    }));
  }
  return found;
}

function checkIommu({ kernel, iommu }: HostExamination): Finding[] {
  if (iommu.units.length > 0 || iommu.groups) return [];
  return [find("limits", "IommuOff", {
    subject: HOST,
    sentence: `Linux ${kernel}: no IOMMU is enabled, so no PCI function can be assigned`,
    remedy: ENABLE_IOMMU,
    sysfs: { path: "/sys/kernel/iommu_groups", value: null },
  })];
}

/** What the installed QEMU and libvirt cannot do for the devices that can migrate. */
function checkSoftware({ software, migratable }: HostExamination): Finding[] {
  if (software === null) return [];
  const missing = VMMS.filter((program) => software[program] === null).map((program) =>
    find("note", program === "qemu" ? "NoQemu" : "NoLibvirt", {
      subject: HOST,
      sentence: `${VMM_NAMES[program]}: not found in the usual places, or it does not report ` +
        "its version",
      remedy: null,
    })
  );
  const unmet = new Set(migratable.flatMap((device) => unmetConditions(software, device)));
  return [...[...unmet].map((condition) => tooOld(condition, software)), ...missing];
}

function tooOld(condition: VmmCondition, software: HostSoftware): Finding {
  const { code, level, program, sentence, remedy } = condition;
  const words = `${VMM_NAMES[program]}: version ${software[program]} ${sentence}`;
  return find(level === "note" ? "note" : "limits", code, {
    subject: HOST,
    sentence: words,
    remedy,
  });
}
