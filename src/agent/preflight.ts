import {
  candidateKey,
  combineTests,
  listCandidates,
  type TestResult,
  type TestResults,
} from "../compat/mod.ts";
import type { Candidate } from "../compat/mod.ts";
import {
  type Device,
  type DeviceType,
  Failure,
  type Identity,
  type Problem,
  type Snapshot,
} from "../identity/mod.ts";
import { verdictWithoutData } from "../preflight/verdict.ts";
import { deviceOf } from "./identify.ts";
import { runWorker } from "./run_worker.ts";
import type { TestTarget, WorkerResult, WorkerTask } from "./worker_tasks.ts";
import type { PreflightPolicy, World } from "./world.ts";

/** The answer to one source and one target. */
export interface TestAnswer extends TestResult {
  target: TestTarget;
  problems: Problem[];
}

/**
 * Write and test: one source, one target, one verdict, by the driver and by the version attribute.
 *
 * Effect: as `runTask`, in a child; none where the policy forbids it, which is a {@link Failure}.
 */
export async function testSource(
  world: World,
  snapshot: Snapshot,
  source: Identity,
  target: TestTarget,
  policy: PreflightPolicy,
): Promise<TestAnswer> {
  const subject = subjectOf(snapshot, target);
  const refusal = forbidden(subject, policy);
  if (refusal !== null) throw refusal;
  await checkDigest(source);
  const tasks = tasksFor(source, subject, policy);
  const results = await runWorker(world, tasks, policy);
  return { ...judge(source, subject, tasks, results), target, problems: problemsOf(results) };
}

/**
 * Tests every configuration that the same driver makes: one for each class, the others share its result. What
 * may not be tested, or is not free, is left out. Effect: as {@link testSource}.
 */
export async function testCandidates(
  world: World,
  snapshot: Snapshot,
  source: Identity,
  policy: PreflightPolicy,
): Promise<{ tests: TestResults; problems: Problem[] }> {
  await checkDigest(source);
  const groups = new Map<string, { subject: Subject; keys: string[] }>();
  for (const candidate of listCandidates(snapshot)) {
    const found = subjectFor(snapshot, candidate, source, policy);
    if (found === null) continue;
    const group = groups.get(found.key) ?? { subject: found.subject, keys: [] };
    group.keys.push(candidateKey(candidate));
    groups.set(found.key, group);
  }
  const tests = new Map<string, TestResult>();
  const cache = cacheOf(snapshot);
  const plans = [...groups.values()].flatMap((group) => {
    const key = cacheKey(snapshot, source, group.subject);
    const known = cache.get(key);
    if (known !== undefined) {
      for (const candidate of group.keys) tests.set(candidate, known);
      return [];
    }
    return [{ ...group, key, tasks: tasksFor(source, group.subject, policy) }];
  });
  const results = await runWorker(world, plans.flatMap(({ tasks }) => tasks), policy);
  let next = 0;
  for (const { subject, keys, key, tasks } of plans) {
    const own = results.slice(next, next += tasks.length);
    const result = judge(source, subject, tasks, own);
    if (result.verdict !== "unknown") cache.set(key, result);
    for (const candidate of keys) tests.set(candidate, result);
  }
  return { tests, problems: problemsOf(results) };
}

/** What is tested and remembered by its digest must be what the digest says. Throws a {@link Failure}. */
async function checkDigest({ initialData, id }: Identity): Promise<void> {
  if (initialData === null) return;
  const digest = await crypto.subtle.digest("SHA-256", Uint8Array.fromBase64(initialData.base64));
  if (new Uint8Array(digest).toHex() === initialData.sha256) return;
  throw new Failure("bad-input", `initialData.sha256 of ${id} is not that of its bytes`, {
    subject: "/initialData/sha256",
    remedy: "Send the identity as vfio-ask identity --initial-data printed it.",
  });
}

/** What was tested of a snapshot, kept as long as its devices are. */
const CACHES = new WeakMap<object, Map<string, TestResult>>();

function cacheOf({ devices }: Snapshot): Map<string, TestResult> {
  const cache = CACHES.get(devices) ?? new Map<string, TestResult>();
  CACHES.set(devices, cache);
  return cache;
}

/** What a verdict depends on: the driver's build and load, the kernel, the type and its parent, and what was handed over. */
function cacheKey({ host }: Snapshot, source: Identity, subject: Subject): string {
  const { driver, parentDriver, type, parent } = "device" in subject
    ? subject.device
    : subject.type;
  const { initialData, version, pciConfig } = source;
  return JSON.stringify([
    driver?.name,
    driver?.srcversion,
    driver?.load,
    parentDriver?.load,
    host.kernel,
    type,
    parent,
    initialData?.sha256,
    initialData?.phase,
    version,
    pciConfig,
  ]);
}

/** What a test is made on: a device, or a type of which an mdev is made; `versionPath` where it has one. */
type Subject =
  & { driver: string; versionPath: string | null }
  & ({ device: Device } | { type: DeviceType });

function subjectOf(snapshot: Snapshot, target: TestTarget): Subject {
  if ("device" in target) return ofDevice(deviceOf(snapshot, target.device));
  const type = snapshot.types.find((found) =>
    found.type === target.type && found.parent === target.parent
  );
  if (type !== undefined) return ofType(type);
  throw new Failure("not-found", `Cannot find the type ${target.type} on ${target.parent}`, {
    subject: target.type,
    remedy: "Run vfio-ask types to see the types of all parents.",
  });
}

function ofDevice(device: Device): Subject {
  const driver = device.driver?.name ?? device.type;
  return { driver, versionPath: device.version?.path ?? null, device };
}

function ofType(type: DeviceType): Subject {
  const driver = type.driver?.name ?? type.type;
  return { driver, versionPath: type.version?.path ?? null, type };
}

/** Why the operator does not want a test on it, null where it may be. */
function forbidden(subject: Subject, { mode, create }: PreflightPolicy): Failure | null {
  const refuse = (what: string, name: string, remedy: string) =>
    new Failure("not-permitted", `Cannot test ${name}: ${what}`, { subject: name, remedy });
  if ("type" in subject) {
    const { type, kind } = subject.type;
    if (kind === "mdev-type" && mode !== "never" && create) return null;
    return refuse("no device may be made for a test", type, "Allow it with --preflight-create.");
  }
  const { id, kind } = subject.device;
  if (mode === "never") return refuse("tests are off", id, "Allow them with --preflight=mdev.");
  if (mode === "mdev" && kind !== "mdev") {
    return refuse(
      "only idle mdevs may be tested",
      id,
      "Allow every idle device with --preflight=idle.",
    );
  }
  return null;
}

/** What is to be tested for a candidate, with the key of those that share the result; null for none. */
function subjectFor(
  snapshot: Snapshot,
  { configuration: { kind, id, type, parent }, migration, trouble, availability }: Candidate,
  source: Identity,
  policy: PreflightPolicy,
): { key: string; subject: Subject } | null {
  if (trouble || migration.uapi === "none") return null;
  const made = (device: Device) => device.type === type && device.parent === parent;
  const idle = kind === "device"
    ? snapshot.devices.find((device) => device.id === id)
    : snapshot.devices.find((device) => made(device) && isFree(snapshot, device, source));
  const free = idle !== undefined && isFree(snapshot, idle, source) ? ofDevice(idle) : null;
  const spare = snapshot.types.find((found) => found.type === type && found.parent === parent);
  const subject = free ?? (spare === undefined || !availability.now ? null : ofType(spare));
  if (subject === null || forbidden(subject, policy) !== null) return null;
  if (!isOfDriver(subject, source)) return null;
  const shared = "device" in subject ? subject.device : subject.type;
  return { key: JSON.stringify([subject.driver, shared.type, shared.parent]), subject };
}

function isFree({ host }: Snapshot, { id, use, trouble }: Device, source: Identity): boolean {
  const isSource = id === source.id && host.bootId !== null && host.bootId === source.host.bootId;
  return use.state === "idle" && !trouble && !isSource;
}

/** A driver is not handed the data of another. */
function isOfDriver(subject: Subject, source: Identity): boolean {
  return source.driver === null || subject.driver === source.driver.name ||
    ("type" in subject && subject.type.driver === null);
}

function tasksFor(source: Identity, subject: Subject, policy: PreflightPolicy): WorkerTask[] {
  const target = "device" in subject
    ? { device: subject.device.id }
    : { type: subject.type.type, parent: subject.type.parent };
  const tasks: WorkerTask[] = [];
  if (source.version !== null && subject.versionPath !== null) {
    tasks.push({ do: "test-version", attribute: subject.versionPath, version: source.version });
  }
  if (source.initialData !== null && source.initialData.bytes > 0) {
    const { base64, phase = "pre-copy" } = source.initialData;
    const { path = "any" } = policy;
    tasks.push({ do: "test", target, path, base64, phase, pciConfig: source.pciConfig });
  }
  return tasks;
}

function judge(
  source: Identity,
  { driver }: Subject,
  tasks: readonly WorkerTask[],
  results: readonly WorkerResult[],
): TestResult {
  const judged = results.map((result, index): TestResult => {
    if (tasks[index]!.do === "test-version") return judgeVersion(driver, source, result);
    if (result.outcome === "done" && result.verdict !== null) {
      const { verdict, evidence, reasons } = result;
      return { verdict, evidence, reasons };
    }
    const said = result.sentence || result.problems.map(({ sentence }) => sentence).join("; ");
    const check = result.check === null ? {} : { check: result.check };
    const code = result.outcome === "stuck" ? "Stuck" : "NotTested";
    return unknownBecause(code, `${driver}: the test could not be made: ${said}`, check);
  });
  if (source.initialData === null || source.initialData.bytes === 0) {
    const why = source.initialData === null ? "the identity carries none" : "it is empty";
    judged.push(verdictWithoutData(driver, why));
  }
  return combineTests(judged);
}

function judgeVersion(driver: string, { version }: Identity, result: WorkerResult): TestResult {
  const check = result.check ?? { step: "write version", errno: null };
  const shown = JSON.stringify(version);
  if (result.outcome !== "done" || result.verdict === "unknown" || result.verdict === null) {
    return unknownBecause(
      "VersionNotTested",
      `${driver}: its version attribute could not be written: ${result.sentence}`,
      { check },
    );
  }
  const { verdict, evidence } = result;
  const [code, sentence] = verdict === "compatible"
    ? ["VersionAccepted", `${driver} accepted the source's version ${shown}`]
    : ["VersionRefused", `${driver} refused the source's version ${shown} with ${check.errno}`];
  return { verdict, evidence, reasons: [{ code, sentence, source: version, host: null, check }] };
}

function unknownBecause(
  code: string,
  sentence: string,
  rest: Pick<TestResult["reasons"][number], "check">,
): TestResult {
  return {
    verdict: "unknown",
    evidence: null,
    reasons: [{ code, sentence, source: null, host: null, ...rest }],
  };
}

function problemsOf(results: readonly WorkerResult[]): Problem[] {
  return results.flatMap(({ problems }) => problems);
}
