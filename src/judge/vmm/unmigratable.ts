import type { Identity } from "../../documents/mod.ts";
import { isOlder } from "../rules/mod.ts";

/** The newest QEMU whose sources were read for this table. */
export const NEWEST_READ = "10.2";

/**
 * What QEMU refuses to migrate, whatever the kernel supports.
 *
 * Source: `.unmigratable = 1` in hw/vfio/ap.c and ccw.c of QEMU 7.2, 10.0 and 10.2, and in platform.c up to 10.0 (10.2
 * has no vfio-platform).
 */
const UNMIGRATABLE_APIS = ["vfio-ap", "vfio-ccw", "vfio-platform", "vfio-amba"];
const UNMIGRATABLE_KINDS = ["ap", "ccw", "platform", "amba"];

/** Whether a QEMU is newer than {@link NEWEST_READ}. It is unknown what such a QEMU migrates. */
export function isNewerThanRead(qemu: string | null): boolean {
  return qemu !== null && isOlder(NEWEST_READ, qemu.split(".").slice(0, 2).join("."));
}

/** Whether QEMU marks a device unmigratable. */
export function isUnmigratable(
  { deviceApi, kind }: Pick<Identity, "deviceApi"> & { kind: string },
): boolean {
  return deviceApi === null
    ? UNMIGRATABLE_KINDS.includes(kind)
    : UNMIGRATABLE_APIS.includes(deviceApi);
}
