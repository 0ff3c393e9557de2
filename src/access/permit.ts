import { join } from "@std/path";
import { Failure, type RulesFile } from "../documents/mod.ts";
import {
  findDevice,
  type HostRoots,
  isVersionAttribute,
  readMdevTypes,
  resolvePath,
} from "../host/mod.ts";
import { declaredTest } from "../judge/rules/mod.ts";
import {
  leftAlone,
  leftAloneMs,
  type WorkerResult,
  workerResult,
  type WorkerTask,
} from "../tasks/mod.ts";
import {
  forbiddenByDepth,
  forbiddenByKind,
  type PreflightPolicy,
  type Testable,
} from "./policy.ts";

/** What the worker's own configuration permits. */
export interface WorkerPolicy extends Pick<PreflightPolicy, "mode" | "create" | "settleMs"> {
  /** Whether devices may be probed at all. */
  probe: boolean;
  /** The drivers of devices that may be opened; null for all. */
  drivers: readonly string[] | null;
}

/** What a permission is decided from. */
export interface PermitWorld {
  roots: HostRoots;
  policy: WorkerPolicy;
  /** The rules that this process read itself. */
  rules: () => readonly RulesFile[];
  nowMs: () => number;
}

/** The largest initial data of a task, in bytes of base64. A whole request body is smaller. */
const MAX_BASE64 = 4 << 20;

/** A file name in sysfs: no path, and not hidden. */
const NAME = /^[A-Za-z0-9_][\w:.@+,-]{0,254}$/;

/**
 * Why the worker service does not do a task; null if it does. Everything is read again here: nothing that the server
 * says about a device is believed. A probe needs a settled device. A test needs a device that the policy allows, with
 * a driver that the rules on this host declare. A version is only written to a version attribute in sysfs.
 *
 * Source: sysfs, and this process's rules and configuration. Never throws.
 */
export function permit(task: WorkerTask, world: PermitWorld): WorkerResult | null {
  try {
    switch (task.do) {
      case "probe":
        return permitProbe(task.device, world);
      case "recover":
        // Done only for a device in the journal, which the server cannot write.
        checkName(task.device);
        return null;
      case "repair":
        // A reset is what a probe does too. Only an operator's own command may remove a device.
        return task.remake ? refuse("no device may be removed") : permitProbe(task.device, world);
      case "test-version":
        return permitVersion(task.attribute, world);
      case "read-initial-data":
      case "test": {
        const testable = testableOf(task.target, world);
        const depth = task.do === "test" ? forbiddenByDepth(testable, world.policy) : null;
        const base64 = task.do === "test" ? task.base64.length : 0;
        if (base64 > MAX_BASE64) return refuse(`initial data of ${base64} bytes is too large`);
        const failure = forbiddenByKind(testable, world.policy) ?? depth;
        return failure === null ? null : refuse(failure.message, failure.remedy);
      }
    }
  } catch (error) {
    const remedy = error instanceof Failure ? error.remedy : null;
    const isForbidden = error instanceof Failure && error.code === "not-permitted";
    return workerResult(isForbidden ? "not-permitted" : "failed", {
      sentence: error instanceof Error ? error.message : String(error),
      remedy,
    });
  }
}

function permitProbe(id: string, { roots, policy, nowMs }: PermitWorld): WorkerResult | null {
  checkName(id);
  if (!policy.probe) return refuse("probes are off", "Allow them with --probe=representative.");
  const { driver, nodes: { since } } = findDevice(roots, id);
  const unlisted = notListed(driver?.name ?? null, policy);
  if (unlisted !== null) return unlisted;
  const settling = { settleMs: policy.settleMs, nowMs: nowMs() };
  if (leftAloneMs(since, settling) === 0) return null;
  return workerResult("new", leftAlone({ id, since }, settling));
}

/** A version attribute is an entry of sysfs with one of the proposed names. */
function permitVersion(attribute: string, { roots, policy }: PermitWorld): WorkerResult | null {
  if (policy.mode === "never") return refuse("tests are off", "Allow them with --preflight=mdev.");
  const path = resolvePath(attribute);
  const top = resolvePath(join(roots.sys, "devices"));
  const isAttribute = path !== null && top !== null && path.startsWith(`${top}/`) &&
    isVersionAttribute(path);
  return isAttribute ? null : refuse(`${attribute} is not a version attribute`);
}

/** Finds the target of a test on this host. Throws a {@link Failure} if it is not there, or may not be opened. */
function testableOf(
  target: { device: string } | { type: string; parent: string },
  { roots, policy, rules }: PermitWorld,
): Testable {
  const toTestable = (
    name: string,
    kind: Testable["kind"],
    driver: string | null,
    type: string,
  ): Testable => {
    const unlisted = notListed(driver, policy);
    if (unlisted !== null) {
      throw new Failure("not-permitted", unlisted.sentence, {
        subject: name,
        remedy: unlisted.remedy!,
      });
    }
    const declared = declaredTest(rules(), driver);
    return { name, kind, isType: "type" in target, driver: driver ?? type, declared };
  };
  if ("device" in target) {
    checkName(target.device);
    const { id, kind, driver, type } = findDevice(roots, target.device);
    return toTestable(id, kind, driver?.name ?? null, type);
  }
  checkName(target.type);
  checkName(target.parent);
  const found = readMdevTypes(roots, target.parent).find(({ type }) => type === target.type);
  if (found === undefined) {
    throw new Failure("not-found", `Cannot find the type ${target.type} on ${target.parent}`, {
      subject: target.type,
      remedy: "Run vfio-ask types to see the types of all parents.",
    });
  }
  const driver = found.driver ?? found.parentDriver;
  return toTestable(found.type, "mdev-type", driver?.name ?? null, found.type);
}

function notListed(driver: string | null, { drivers }: WorkerPolicy): WorkerResult | null {
  if (drivers === null || (driver !== null && drivers.includes(driver))) return null;
  return refuse(
    `devices of ${driver ?? "no driver"} are not to be opened`,
    `Add ${driver ?? "the driver"} to --drivers of the worker.`,
  );
}

/** Throws a {@link Failure} for a name that is not a single entry of a directory. */
function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw new Failure("bad-input", `${JSON.stringify(name.slice(0, 80))} is not a device's name`, {
    subject: "task",
    remedy: "Use a name as vfio-ask devices prints it.",
  });
}

function refuse(what: string, remedy: string | null = null): WorkerResult {
  const sentence = `The configuration of the worker does not allow this: ${what}`;
  return workerResult("not-permitted", { sentence, remedy });
}
