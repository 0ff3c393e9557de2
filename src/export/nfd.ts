import { Failure, type Snapshot } from "../documents/mod.ts";
import { countTypes, type TypeCount } from "./count_types.ts";
import { uniqueNames } from "./unique_names.ts";

/** The namespace of the labels, which node-feature-discovery permits without further configuration. */
const NAMESPACE = "feature.node.kubernetes.io";

/** The longest name of a label, without the namespace. Source: Kubernetes, "Labels and Selectors". */
const LONGEST_NAME = 63;

/** A larger file is ignored. Source: node-feature-discovery, "Feature files" of the local feature source. */
const LARGEST_FILE = 64 * 1024;

/**
 * The features file of a host for the local source of node-feature-discovery, which makes node labels of it. For each
 * type: how many devices can migrate (`.v2`, `.v1`), and how many of them are free. Devices that nobody has asked are
 * counted apart (`.unknown`). There is no sum of types, because types of one parent may share its room. With `expirySeconds`, the labels disappear if the file is not written again in time.
 *
 * Source: node-feature-discovery, "Local feature source" of the customization guide: `namespace/name=value` lines and
 * the directive `expiry-time`. Pure. Throws a {@link Failure} if the file would be too large, or if the snapshot has no
 * valid time to expire after.
 */
export function formatNfd(
  snapshot: Snapshot,
  { expirySeconds = null }: { expirySeconds?: number | null } = {},
): string {
  const counts = countTypes(snapshot).filter(({ uapi }) => uapi !== "none");
  const names = uniqueNames(counts.map(textOf), {
    toName: (text) => nameOf(JSON.parse(text)[1]),
    longest: LONGEST_NAME - "vfio-ask.type.".length - ".unknown.total".length,
    joint: "-",
  });
  const lines = new Map<string, number>();
  const add = (name: string, count: number) => lines.set(name, (lines.get(name) ?? 0) + count);
  const hasAny = (isUnknown: boolean) =>
    counts.some(({ uapi, total }) => total > 0 && (uapi === "unknown") === isUnknown);
  for (const count of counts) {
    const name = `${names.get(textOf(count))}.${count.uapi}`;
    add(`${name}.total`, count.total);
    add(`${name}.free`, count.free);
  }
  const text = [
    "# Written by vfio-ask export nfd.",
    ...(expirySeconds === null ? [] : [`# +expiry-time=${laterThan(snapshot, expirySeconds)}`]),
    `${NAMESPACE}/vfio-ask.migratable=${hasAny(false)}`,
    `${NAMESPACE}/vfio-ask.unknown=${hasAny(true)}`,
    ...[...lines].map(([name, count]) => `${NAMESPACE}/vfio-ask.type.${name}=${count}`).sort(),
  ].join("\n") + "\n";
  if (text.length <= LARGEST_FILE) return text;
  throw new Failure("bad-input", `Cannot export to node-feature-discovery: ${text.length} bytes`, {
    subject: "nfd",
    remedy: `The host has too many types: a features file has at most ${LARGEST_FILE} bytes.`,
  });
}

function laterThan({ takenAt }: Snapshot, seconds: number): string {
  const ms = Date.parse(takenAt) + seconds * 1000;
  if (!Number.isNaN(ms)) return new Date(ms).toISOString();
  throw new Failure("bad-input", `Cannot say when labels expire: takenAt is ${takenAt}`, {
    subject: "snapshot",
    remedy: "Use a snapshot as vfio-ask snapshot prints it.",
  });
}

/** What a name is for: a type of a driver, whatever its parent. */
function textOf({ type, name }: TypeCount): string {
  return JSON.stringify([type, name]);
}

/** The characters of a label's name. It begins and ends with other text. */
function nameOf(text: string): string {
  return text.replace(/[^A-Za-z0-9_.-]/g, "-");
}
