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
import {
  forbiddenByDepth,
  forbiddenByKind,
  type PreflightPolicy,
  type Testable,
} from "../access/mod.ts";

/** What is tested: a device, or a type of which a temporary mdev is created. */
export interface Subject {
  entry: Device | DeviceType;
  target: TestTarget;
  /** The driver's name, or the type if no driver is known. Sentences start with it. */
  driver: string;
  /** What rules declare about tests with the driver; null if no rule does. */
  declared: DeclaredTest | null;
}

/** The device or type of a target. Throws a {@link Failure} if there is none. */
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
 * Whether a test makes sense: both sides may be able to migrate, the target has no trouble and is not the source itself,
 * and the drivers are not known to differ.
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

/** Why the policy forbids a test of the subject; null if it is allowed. */
export function forbidden(subject: Subject, policy: PreflightPolicy): Failure | null {
  const testable = testableOf(subject);
  return forbiddenByKind(testable, policy) ?? forbiddenByDepth(testable, policy);
}

/** The part of a subject that the policy is about. */
export function testableOf({ entry, driver, declared }: Subject): Testable {
  const isType = !("id" in entry);
  return { name: isType ? entry.type : entry.id, kind: entry.kind, isType, driver, declared };
}

/**
 * What to test for a candidate: the device itself, or another settled device of its class, or a type of which an mdev
 * may be created; null if nothing is free. If all free devices are new, `settling` is the one to test later. Pure.
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
  // For a type or a new device, another device of the class can be tested.
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
