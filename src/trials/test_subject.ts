import type { Candidate } from "../judge/ask/mod.ts";
import {
  type DeclaredTest,
  type Device,
  deviceOf,
  type DeviceType,
  Failure,
  type Identity,
  type Snapshot,
} from "../documents/mod.ts";
import { declaredTest } from "../judge/rules/mod.ts";
import { mayOpen, type Settling, type TestTarget } from "../tasks/mod.ts";
import type { PreflightPolicy } from "./policy.ts";

/** What a test is made on: a device, or a type of which an mdev is made. */
export interface Subject {
  entry: Device | DeviceType;
  target: TestTarget;
  /** The name that sentences start with. */
  driver: string;
  /** What rules declare of tests through the driver; null where none does. */
  declared: DeclaredTest | null;
}

/** The device or type of a target. Throws a {@link Failure} where there is none. */
export function subjectOf(snapshot: Snapshot, target: TestTarget): Subject {
  if ("device" in target) return toSubject(snapshot, deviceOf(snapshot, target.device));
  const type = snapshot.types.find((found) =>
    found.type === target.type && found.parent === target.parent
  );
  if (type !== undefined) return toSubject(snapshot, type);
  throw new Failure("not-found", `Cannot find the type ${target.type} on ${target.parent}`, {
    subject: target.type,
    remedy: "Run vfio-ask types to see the types of all parents.",
  });
}

/** A device or a type as the subject of a test. */
function toSubject({ rules }: Snapshot, entry: Device | DeviceType): Subject {
  const name = entry.driver?.name ?? null;
  const target = "id" in entry ? { device: entry.id } : { type: entry.type, parent: entry.parent };
  return { entry, target, driver: name ?? entry.type, declared: declaredTest(rules, name) };
}

/**
 * Whether there is anything to be tested: both can migrate, the target is not the source itself, and one driver is not
 * handed the data of another.
 */
export function isTestable(
  { host }: Snapshot,
  { entry, driver }: Subject,
  source: Identity,
): boolean {
  const mayMigrate = source.migration.uapi !== "none" && entry.migration.uapi !== "none";
  const trouble = "trouble" in entry ? entry.trouble : null;
  const isOfDriver = source.driver === null || driver === source.driver.name ||
    entry.driver === null;
  const isItself = "id" in entry && isSource(host, entry, source);
  return mayMigrate && !trouble && !isItself && isOfDriver;
}

/** Why the operator does not want a test on it, null where it may be. */
export function forbidden(subject: Subject, policy: PreflightPolicy): Failure | null {
  const { entry } = subject;
  const { mode, create } = policy;
  const refuse = (what: string, name: string, remedy: string) =>
    new Failure("not-permitted", `Cannot test ${name}: ${what}`, { subject: name, remedy });
  if (!("id" in entry)) {
    if (entry.kind !== "mdev-type" || mode === "never" || !create) {
      const remedy = "Allow it with --preflight-create.";
      return refuse("no device may be made for a test", entry.type, remedy);
    }
    return forbiddenByDepth(subject, policy);
  }
  const { id, kind } = entry;
  if (mode === "never") return refuse("tests are off", id, "Allow them with --preflight=mdev.");
  if (mode === "mdev" && kind !== "mdev") {
    const remedy = "Allow every idle device with --preflight=idle.";
    return refuse("only idle mdevs may be tested", id, remedy);
  }
  return forbiddenByDepth(subject, policy);
}

/**
 * A driver that loads the state in the write, and a function's driver of which no rule declares how far it goes, are
 * tested only where the operator allows loading. An mdev of an undeclared driver is tested: nothing but the mdev itself is
 * at stake, and the answer says that nobody declares how far the test went.
 */
export function forbiddenByDepth(
  { entry, driver, declared }: Subject,
  { mode }: PreflightPolicy,
): Failure | null {
  const isMdev = entry.kind === "mdev" || entry.kind === "mdev-type";
  const mayLoad = declared === null ? !isMdev : declared.depth === "state";
  if (!mayLoad || mode === "load") return null;
  const name = "id" in entry ? entry.id : entry.type;
  const why = declared === null
    ? `no rule declares that ${driver} does not load a state in the write`
    : `${driver} loads the state in the write`;
  return new Failure("not-permitted", `Cannot test ${name}: ${why}`, {
    subject: name,
    remedy: "Allow loading into idle devices with --preflight=load.",
  });
}

/**
 * What is to be tested for a candidate: the device itself, or what stands for its class, a device that has settled or a
 * type that an mdev may be made of; null where nothing is free. Where all that is free is new, the subject is `settling`:
 * not to be tested now. Pure.
 */
export function subjectFor(
  snapshot: Snapshot,
  { configuration: { kind, id, type, parent }, availability }: Candidate,
  { source, create, ...when }: Settling & { source: Identity; create: boolean },
): { subject: Subject; settling: Device | null } | null {
  const { host, devices, types } = snapshot;
  const may = (device: Device) =>
    device.trouble || isSource(host, device, source) ? "held" : mayOpen(device, when);
  const own = kind === "device" ? devices.find((device) => device.id === id) : undefined;
  const isNew = own !== undefined && may(own) === "new";
  const { type: wanted, parent: on } = own ?? { type, parent };
  // A type, and a new device, are spoken for by another device of the class.
  const others = own === undefined || isNew
    ? devices.filter((device) => device.type === wanted && device.parent === on)
    : [];
  const candidates = own === undefined ? others : [own, ...others];
  const ready = candidates.find((device) => may(device) === "yes");
  if (ready !== undefined) return { subject: toSubject(snapshot, ready), settling: null };
  const spare = availability.now
    ? types.find((found) => found.type === wanted && found.parent === on)
    : undefined;
  const settling = candidates.find((device) => may(device) === "new");
  if (settling !== undefined && (spare === undefined || !create)) {
    return { subject: toSubject(snapshot, settling), settling };
  }
  return spare === undefined ? null : { subject: toSubject(snapshot, spare), settling: null };
}

function isSource(host: Snapshot["host"], { id }: Device, source: Identity): boolean {
  return id === source.id && host.bootId !== null && host.bootId === source.host.bootId;
}
