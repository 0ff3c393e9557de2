import {
  type Check,
  type Device,
  type Driver,
  type Identity,
  type Migration,
  type Need,
  vendorName,
} from "../../documents/mod.ts";
import { machineTypeNeed } from "./machine_type.ts";
import { settingsOf, trackingNeedOf } from "./tracking_need.ts";
import { unmetConditions, VMM_NAMES } from "./vmm_versions.ts";
import { isNewerThanRead, isUnmigratable, NEWEST_READ } from "./unmigratable.ts";

/** The side that receives the device. */
export interface Taker {
  kind: Device["kind"];
  type: string;
  driver: Driver | null;
  migration: Migration;
  /** The QEMU that is installed there. Null if unknown. */
  qemu: string | null;
}

/**
 * What QEMU needs on either side for a migration, most decisive first. Pure.
 *
 * The settings of the source's running QEMU (`vmm`) decide whether a need is met. If they are unknown, that is unknown
 * too. The destination's machine is not started yet, so its options are open. A version alone never refuses, because
 * vendors backport changes.
 */
export function listNeeds(source: Identity, taker: Taker): Need[] {
  return [
    ...unmigratable(source, taker),
    ...versionNeeds("source", source, { ...source, qemu: qemuOf(source) }),
    ...versionNeeds("host", source, taker),
    ...machineTypeNeed(source.vmm ?? null, taker.qemu),
    ...disabled(source),
    ...tracking(source),
  ];
}

/** The version of the source's QEMU: the one that runs the device, else the installed one. */
function qemuOf({ vmm, host }: Identity): string | null {
  const installed = host.facts?.qemu;
  return vmm?.qemu ?? (typeof installed === "string" ? installed : null);
}

/** Devices that no QEMU migrates. This is certain up to the newest version whose sources were read. */
function unmigratable(source: Identity, { qemu }: Taker): Need[] {
  const { deviceApi, kind, driver, type } = source;
  if (!isUnmigratable({ deviceApi, kind })) return [];
  const newer = isNewerThanRead(qemuOf(source)) && isNewerThanRead(qemu);
  return [{
    code: "QemuUnmigratable",
    side: "source",
    state: newer ? "unknown" : "unmet",
    sentence: `${vendorName(driver, type)}: QEMU marks ${
      deviceApi ?? kind
    } devices as unmigratable in all versions up to ${NEWEST_READ}`,
    option: null,
  }];
}

function versionNeeds(
  side: Need["side"],
  { vmm }: Identity,
  { qemu, ...device }: Pick<Taker, "kind" | "driver" | "migration" | "qemu">,
): Need[] {
  const where = side === "source" ? "the source's host" : "this host";
  return unmetConditions({ qemu, libvirt: null }, device)
    .filter((condition) => condition.level === "refuses")
    .map(({ code, sentence, remedy, option = null }): Need => ({
      code,
      side,
      state: option === null ? "unknown" : side === "host" ? "open" : optionState(vmm),
      sentence: `${VMM_NAMES.qemu} ${qemu} on ${where} ${sentence}. ${remedy}`,
      option,
    }));
}

/** Whether the source runs with `x-enable-migration=on`. */
function optionState(vmm: Identity["vmm"]): Need["state"] {
  if (vmm?.enableMigration == null) return "unknown";
  return vmm.enableMigration === "on" ? "met" : "unmet";
}

/** Reports that migration is turned off for the device. */
function disabled({ vmm, driver, type }: Identity): Need[] {
  if (vmm?.enableMigration !== "off") return [];
  return [{
    code: "MigrationDisabled",
    side: "source",
    state: "unmet",
    sentence: `${vendorName(driver, type)}: the source's QEMU runs with enable-migration=off`,
    option: null,
  }];
}

function tracking({ migration, vmm = null, driver, type }: Identity): Need[] {
  const need = vmm?.enableMigration === "off" ? null : trackingNeedOf(migration, vmm);
  if (need === null) return [];
  const { code, why, words, option, state } = need;
  const check = trackingCheck(migration);
  const vendor = vendorName(driver, type);
  return [{
    code,
    side: "source",
    state,
    sentence: `${vendor}: ${why}; the source's QEMU needs ${words}${STANDS[state](vmm)}`,
    option,
    ...(check === undefined ? {} : { check }),
  }];
}

const STANDS: Readonly<Record<Need["state"], (vmm: Identity["vmm"]) => string>> = {
  met: () => ", and runs with it",
  open: () => "",
  unknown: () => ", but it is unknown whether this is set",
  unmet: (vmm) => `, but runs with ${givenWords(vmm)}`,
};

function givenWords(vmm: Identity["vmm"]): string {
  return Object.entries(settingsOf(vmm ?? null)).map(([name, value]) =>
    ({
      qemu: `QEMU ${value}`,
      backend: `the ${value} backend`,
      enableMigration: `enable-migration=${value}`,
      deviceDirtyPageTracking: `x-device-dirty-page-tracking=${value}`,
    })[name]
  ).join(", ");
}

/** The kernel's answer that showed how far DMA logging works. */
export function trackingCheck({ checks }: Migration): Check | undefined {
  return checks?.find(({ step }) => step.startsWith("DMA_LOGGING"));
}
