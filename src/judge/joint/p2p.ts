import {
  type Configuration,
  type Identity,
  type Migration,
  type Offer,
  type Reason,
  vendorName,
} from "../../documents/mod.ts";
import { describeConfiguration, type PlanHost, vendorOf } from "./host.ts";

/** Whether a device can hold still for its peers; `exempt` where uapi v2's flag does not exist. */
export type P2p = "has" | "lacks" | "unknown" | "exempt";

/**
 * QEMU migrates a machine with more than one VFIO device only where every one supports P2P; of a single
 * device it does not ask that. 8.0 and 8.1 migrate no machine with several.
 *
 * Source: `vfio_multiple_devices_migration_is_supported()` in QEMU's hw/vfio (common.c since 8.2, migration.c since
 * 10.1), which tests `VFIO_MIGRATION_P2P` of each device's `VFIO_DEVICE_FEATURE_MIGRATION`; commit 5c7a4b60350e.
 * uapi v1 knows no P2P, and the QEMUs that speak it do not ask.
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

/** Whether P2P is known of a source and of what it would land on: the weaker of the two. */
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

/** Why a source cannot be migrated beside others. */
export function sourceLacksP2p({ driver, type, id, migration }: Identity): Reason {
  const vendor = vendorName(driver, type);
  return {
    code: "P2pMissing",
    sentence: `${vendor}: the source's driver has no P2P for ${id}, and QEMU migrates more than ` +
      "one VFIO device only where all of them support P2P",
    source: migration.features.join(" "),
    host: null,
  };
}

/** Why nothing that a source was offered can take it beside others. */
export function targetsLackP2p(host: PlanHost, { migration }: Identity, to: Configuration): Reason {
  return {
    code: "P2pMissing",
    sentence: `${vendorOf(host, to)}: the driver has no P2P here for ${
      describeConfiguration(to)
    }, and QEMU migrates more than one VFIO device only where all of them support P2P`,
    source: migration.features.join(" "),
    host: host.entryOf(to)?.migration.features.join(" ") ?? null,
  };
}

/** Why the verdict of a placement beside others is unknown. */
export function p2pNotKnown(
  host: PlanHost,
  { id, migration }: Identity,
  to: Configuration,
): Reason {
  const where = p2pOf(migration) === "unknown" ? `the source ${id}` : describeConfiguration(to);
  return {
    code: "P2pUnknown",
    sentence:
      `${vendorOf(host, to)}: nobody asked whether ${where} supports P2P, and QEMU migrates ` +
      "more than one VFIO device only where all of them do",
    source: migration.uapi,
    host: host.entryOf(to)?.migration.uapi ?? null,
  };
}
