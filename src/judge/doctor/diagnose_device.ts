import { isMigratable, parsePciAddress } from "../../documents/mod.ts";
import { checkMigration } from "./check_migration.ts";
import { checkQuality } from "./check_quality.ts";
import { isBoundTo } from "./drivers.ts";
import type { DeviceExamination } from "./examination.ts";
import { canMigrate, type Diagnosis, find, type Finding, vendorOf } from "./finding.ts";
import { whyNotAsked } from "./not_asked.ts";
import { bindRemedy, ENABLE_IOMMU } from "./remedies.ts";

/** A check that runs on every device. */
type Check = (examination: DeviceExamination) => Finding[];

/** All checks except {@link whyNotAsked}, in the order of their findings. */
const CHECKS: readonly Check[] = [
  checkTrouble,
  checkVersion,
  checkVgpuType,
  checkNoIommu,
  checkGroup,
  checkBinding,
  checkMigration,
  checkQuality,
];

/** Whether a VFIO device can migrate on this host, and all findings about it. */
export function diagnoseDevice(examination: DeviceExamination): Diagnosis {
  const { id, type, driver, migration } = examination.device;
  const found = CHECKS.flatMap((check) => check(examination));
  const isKnown = migration.uapi !== "unknown" || canMigrate(found) === "no";
  const findings = isKnown ? found : [...found, whyNotAsked(examination)];
  return { id, type, driver, canMigrate: canMigrate(findings), findings };
}

/** The finding for each kind of trouble. */
const TROUBLES = {
  "stuck": "Stuck",
  "needs-reset": "NeedsReset",
  "not-running": "NotRunning",
} as const;

/** Trouble left by a test or a virtual machine: the device is not in RUNNING, or a process is stuck in its driver. */
function checkTrouble({ device }: DeviceExamination): Finding[] {
  const { id, trouble, kind } = device;
  if (!trouble) return [];
  const code = Object.entries(TROUBLES).find(([known]) => known === trouble.code)?.[1] ??
    "NeedsReset";
  // A reset has failed, and may fail again.
  const remake = code === "NeedsReset" && kind === "mdev" ? "--remake " : "";
  return [find("blocks", code, {
    subject: id,
    sentence: `${vendorOf(device)}: ${trouble.sentence}`,
    remedy: code === "Stuck"
      ? "Reboot the host if the process does not end."
      : `Run vfio-ask recover ${remake}${id}.`,
  })];
}

/** If a vendor kernel's version attribute cannot be read, the device is not migratable. */
function checkVersion({ device }: DeviceExamination): Finding[] {
  const { id, version } = device;
  if (!version?.errno) return [];
  const { path, errno } = version;
  return [find("blocks", "VersionUnreadable", {
    subject: id,
    sentence: `${vendorOf(device)}: reading its version failed with ${errno}, so it cannot migrate`,
    remedy: `Search dmesg for ${vendorOf(device)} to find out why it cannot migrate.`,
    check: { step: "read version", errno },
    sysfs: { path, value: null },
  })];
}

/** An SR-IOV function is not a vGPU until its type is set. */
function checkVgpuType({ device }: DeviceExamination): Finding[] {
  const { id, facts, sysfs } = device;
  if (facts.vgpuType !== null) return [];
  const nvidia = `${sysfs}/nvidia`;
  return [find("blocks", "NoVgpuType", {
    subject: id,
    sentence: `${vendorOf(device)}: no vGPU type is set on the virtual function`,
    remedy:
      `Run echo ID > ${nvidia}/current_vgpu_type with an ID from ${nvidia}/creatable_vgpu_types.`,
    sysfs: { path: `${nvidia}/current_vgpu_type`, value: "0" },
  })];
}

function checkNoIommu({ device }: DeviceExamination): Finding[] {
  const { id, nodes } = device;
  if (nodes.group === null || !nodes.group.includes("/noiommu-")) return [];
  return [find("blocks", "NoIommuMode", {
    subject: id,
    sentence: `${vendorOf(device)}: no IOMMU translates its DMA, so no virtual machine can use it`,
    remedy: ENABLE_IOMMU,
    sysfs: { path: nodes.group, value: null },
  })];
}

/** A group cannot be assigned while a host driver is bound to one of its devices. */
function checkGroup({ device, strangers, asked }: DeviceExamination): Finding[] {
  const { id, iommuGroup, use } = device;
  const refused = asked?.outcome === "not-viable" && asked.device === id;
  if (use.state === "in-use" || (strangers.length === 0 && !refused)) return [];
  const names = strangers.map((other) => `${other.id} (${other.driver})`).join(", ");
  const path = `/sys/kernel/iommu_groups/${iommuGroup?.id ?? "?"}/devices`;
  const areFunctions = strangers.every((other) => parsePciAddress(other.id) !== null);
  const rebind = strangers.map((other) => `driverctl set-override ${other.id} vfio-pci`).join("; ");
  return [find("blocks", "GroupNotViable", {
    subject: id,
    sentence: `${vendorOf(device)}: its IOMMU group is not viable, because the host uses ${
      names || "other devices in it"
    }`,
    remedy: names !== "" && areFunctions
      ? `Run ${rebind}.`
      : `Bind every device in ${path} to a VFIO driver, or unbind it.`,
    check: refused ? asked.check : null,
    sysfs: { path, value: names || null },
  })];
}

/** A virtual function is not bound to the variant driver that can migrate it. */
function checkBinding({ device, variant }: DeviceExamination): Finding[] {
  const { id, migration, pci, driver, sysfs, use } = device;
  if (variant === null || pci?.function !== "virtual") return [];
  if (isMigratable(migration)) return [];
  if (isBoundTo(device, variant.module)) return [];
  const bound = driver !== null;
  return [find("blocks", "VariantDriverNotBound", {
    subject: id,
    sentence: `${vendorOf(device)}: the virtual function is not bound to ${variant.driver}, ` +
      "this kernel's driver that can migrate it",
    remedy: bindRemedy({ id, ...variant, bound, inUse: use.state === "in-use" }),
    sysfs: { path: `${sysfs}/driver`, value: driver?.name ?? null },
  })];
}
