import type { Driver, Host, Identity } from "./identity.ts";
import type { OutcomeBuilds } from "./outcome.ts";
import { compareText } from "./text.ts";

/** A device or a type with all that the result of a migration depends on, except QEMU. */
export interface BuiltDevice
  extends Pick<Identity, "kind" | "type" | "deviceApi" | "driver" | "parentDriver" | "facts"> {
  host: Pick<Host, "kernel">;
}

/** The builds of one side, with the QEMU that runs the machine there. Pure. */
export function buildsOf(
  { host, kind, type, deviceApi, driver, parentDriver, facts }: BuiltDevice,
  { qemu, machineType }: Pick<OutcomeBuilds, "qemu" | "machineType">,
): OutcomeBuilds {
  return {
    kernel: host.kernel,
    kind,
    type,
    deviceApi,
    driver: buildOf(driver),
    ...(parentDriver === undefined ? {} : { parentDriver: buildOf(parentDriver) }),
    facts,
    qemu,
    machineType,
  };
}

function buildOf(driver: Driver | null): OutcomeBuilds["driver"] {
  if (driver === null) return null;
  const { name, version, srcversion } = driver;
  return { name, version, srcversion };
}

/** The version of QEMU on a host, as it declares it; null if it declares none. */
export function qemuOf({ facts }: Pick<Host, "facts">): string | null {
  const qemu = facts?.qemu;
  return typeof qemu === "string" && qemu !== "" ? qemu : null;
}

/**
 * A text that is the same for equal builds of one side, or null if something that counts is not known. Then nothing can
 * be said to be equal: two unknown values are no equal knowledge. Pure.
 *
 * All of it counts: kernel, kind, type, device API, both drivers, all facts, QEMU and machine type. Two things may be
 * missing: a version and a srcversion that a driver does not have, because then the release of the kernel names its
 * build; and facts that the device does not declare. A fact that it declares and that could not be read is unknown.
 */
export function outcomeKey(builds: OutcomeBuilds): string | null {
  if (unknownParts(builds).length > 0) return null;
  const { kernel, kind, type, deviceApi, driver, parentDriver, facts, qemu, machineType } = builds;
  const build = (of: OutcomeBuilds["parentDriver"]) =>
    of == null ? null : [of.name, of.version, of.srcversion];
  return JSON.stringify([
    ...[kernel, kind, type, deviceApi, build(driver), build(parentDriver)],
    ...[plain(facts), qemu, machineType],
  ]);
}

/** What is not known of a side and counts, in a few words each. If it is empty, the side has a key. Pure. */
export function unknownParts(builds: OutcomeBuilds): string[] {
  const { deviceApi, driver, parentDriver, facts, qemu, machineType } = builds;
  const parts: [unknown: boolean, words: string][] = [
    [qemu === null, "version of QEMU"],
    [machineType === null, "machine type"],
    [driver === null, "driver"],
    [parentDriver === undefined, "driver of the parent"],
    [deviceApi === null, "device API"],
    ...Object.entries(facts).map(([name, fact]): [boolean, string] => [
      fact == null || depthOf(fact) > MAX_DEPTH,
      `fact ${name}`,
    ]),
  ];
  return parts.flatMap(([isUnknown, words]) => isUnknown ? [words] : []);
}

/** The deepest facts that are compared. No device declares deeper ones. */
const MAX_DEPTH = 8;

/** The nesting of a value, counted no further than one more than {@link MAX_DEPTH}. */
function depthOf(value: unknown, depth = 0): number {
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return depth;
  let deepest = depth + 1;
  for (const item of Object.values(value)) deepest = Math.max(deepest, depthOf(item, depth + 1));
  return deepest;
}

/** A value with the names of objects, and the members of sets, in one order. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    return value.every((item) => typeof item === "string") ? value.toSorted() : value.map(plain);
  }
  const entries = Object.entries(value).toSorted(([a], [b]) => compareText(a, b));
  return entries.map(([name, item]) => ({ [name]: plain(item) }));
}
