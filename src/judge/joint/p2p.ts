import {
  type Configuration,
  type Identity,
  type Migration,
  type Offer,
  type Reason,
  vendorName,
} from "../../documents/mod.ts";
import { describeConfiguration, type PlanHost, vendorOf } from "./host.ts";

/** Whether a device supports P2P; `exempt` without uapi v2, which has the flag. */
export type P2p = "has" | "lacks" | "unknown" | "exempt";

/**
 * QEMU migrates a machine with several VFIO devices only if all of them support P2P. A single device does not need it.
 * QEMU 8.0 and 8.1 do not migrate machines with several devices.
 *
 * Source: `vfio_multiple_devices_migration_is_supported()` in QEMU's hw/vfio (common.c since 8.2, migration.c since
 * 10.1), which tests `VFIO_MIGRATION_P2P` of each device's `VFIO_DEVICE_FEATURE_MIGRATION`; commit 5c7a4b60350e.
 * uapi v1 has no P2P, and QEMU versions with v1 do not require it.
 */
export function p2pOf(migration: Migration | undefined): P2p {
  switch (migration?.uapi) {
    case "v2":
      return migration.features.includes("p2p") ? "has" : "lacks";
    case "v1":
    case "none":
      return "exempt";
    default:
      return "unknown";
  }
}

/** The P2P support of a source and its target: the weaker of the two. */
export function p2pOfPlacement(
  host: PlanHost,
  source: Identity,
  { configuration }: Offer,
): P2p {
  const theirs = p2pOf(source.migration);
  const ours = p2pOf(host.entryOf(configuration)?.migration);
  const both = [theirs, ours];
  return (["lacks", "unknown", "has"] as const).find((p2p) => both.includes(p2p)) ?? "exempt";
}

/** Why a source cannot be migrated together with others. */
export function sourceLacksP2p({ driver, type, id, migration }: Identity): Reason {
  const vendor = vendorName(driver, type);
  return {
    code: "P2pMissing",
    sentence: `${vendor}: the source's driver does not support P2P for ${id}, and QEMU migrates ` +
      "several VFIO devices only if all of them support P2P",
    source: migration.features.join(" "),
    host: null,
  };
}

/** Why no offer can take a source together with others. */
export function targetsLackP2p(host: PlanHost, { migration }: Identity, to: Configuration): Reason {
  return {
    code: "P2pMissing",
    sentence: `${vendorOf(host, to)}: the driver on this host does not support P2P for ${
      describeConfiguration(to)
    }, and QEMU migrates several VFIO devices only if all of them support P2P`,
    source: migration.features.join(" "),
    host: host.entryOf(to)?.migration.features.join(" ") ?? null,
  };
}

/** Why the verdict of a placement together with others is unknown. */
export function p2pNotKnown(
  host: PlanHost,
  { id, migration }: Identity,
  to: Configuration,
): Reason {
  const where = p2pOf(migration) === "unknown" ? `the source ${id}` : describeConfiguration(to);
  return {
    code: "P2pUnknown",
    sentence:
      `${vendorOf(host, to)}: it is unknown whether ${where} supports P2P, and QEMU migrates ` +
      "several VFIO devices only if all of them support P2P",
    source: migration.uapi,
    host: host.entryOf(to)?.migration.uapi ?? null,
  };
}
