import {
  type AskOptions,
  candidateKey,
  combineTests,
  type Judged,
  judgeDriver,
  judgeNotMade,
  judgeOne,
  judgeVersion,
  judgeWithoutData,
  listCandidates,
  type TestResult,
  type TestResults,
} from "../judge/ask/mod.ts";
import {
  type Device,
  Failure,
  type Identity,
  type Problem,
  type Snapshot,
} from "../documents/mod.ts";
import {
  leftAlone,
  type Settling,
  type TestTarget,
  type WorkerResult,
  type WorkerTask,
} from "../tasks/mod.ts";
import { runWorker } from "../children/mod.ts";
import {
  forbidden,
  forbiddenByDepth,
  isTestable,
  type Subject,
  subjectFor,
  subjectOf,
} from "./test_subject.ts";
import type { World } from "../view/mod.ts";
import type { PreflightPolicy } from "./policy.ts";

/** The answer to one source and one target: what an ask that was tested says of it, and what the tests themselves said. */
export interface TestAnswer extends Judged {
  target: TestTarget;
  tests: Omit<TestResult, "seen">[];
  problems: Problem[];
}

/**
 * Write and test: one source, one target, one verdict, by the driver and by the version attribute.
 *
 * The verdict is that of an ask with the same tests: a passing test of a device whose PCI configuration differs is a
 * refusal. Where nothing can be tested, since one of both cannot migrate, or both are one device or of two drivers, nothing is.
 * Effect: as `runTask`, in a child; none where the policy forbids it, which is a {@link Failure}.
 */
export async function testSource(
  world: World,
  snapshot: Snapshot,
  source: Identity,
  target: TestTarget,
  policy: PreflightPolicy & Pick<AskOptions, "subsystem">,
): Promise<TestAnswer> {
  const { subsystem = "warn" } = policy;
  const subject = subjectOf(snapshot, target);
  await checkDigest(source);
  const isTested = isTestable(snapshot, subject, source);
  const refusal = isTested ? forbidden(subject, policy) : null;
  if (refusal !== null) throw refusal;
  // The operator named it, however new it is.
  const tasks = isTested ? tasksFor(source, subject, { ...policy, settleMs: 0 }) : [];
  const results = await runWorker(world, tasks);
  const tests = isTested ? judge(source, subject, tasks, results) : [];
  return {
    ...judgeOne(snapshot, source, subject.entry, { tests, subsystem }),
    target,
    tests: tests.map(({ seen: _, ...test }) => test),
    problems: problemsOf(results),
  };
}

/**
 * Tests every configuration that the same driver makes: one for each class, the others share its result. What
 * may not be tested, or is not free, is left out; of a class of which nothing but new devices is free, it is said until
 * when those are left alone. Effect: as {@link testSource}.
 */
export async function testCandidates(
  world: World,
  snapshot: Snapshot,
  source: Identity,
  policy: PreflightPolicy,
): Promise<{ tests: TestResults; problems: Problem[] }> {
  await checkDigest(source);
  const tests = new Map<string, readonly TestResult[]>();
  const when = { settleMs: policy.settleMs, nowMs: world.now().getTime() };
  const groups = groupCandidates(snapshot, source, { ...policy, ...when });
  const cache = cacheOf(snapshot);
  const trials = groups.flatMap(({ subject, settling, keys }) => {
    const key = cacheKey(snapshot, source, subject, policy);
    const tooDeep = forbiddenByDepth(subject, policy);
    const known = cache.get(key) ?? (tooDeep === null ? undefined : [told(subject, tooDeep)]);
    for (const candidate of keys) if (known !== undefined) tests.set(candidate, known);
    if (known !== undefined) return [];
    const tasks = tasksFor(source, subject, policy);
    // The version attribute opens nothing.
    if (settling === null) return [{ subject, keys, key, tasks, not: [] }];
    const { sentence, remedy } = leftAlone(settling, when);
    const code = "DeviceIsNew";
    const not = tasks.filter((task) => task.do === "test").map(() =>
      judgeNotMade(subject.driver, `${sentence}. ${remedy}`, { code })
    );
    return [{ subject, keys, key, tasks: tasks.filter(({ do: what }) => what !== "test"), not }];
  });
  const results = await runWorker(world, trials.flatMap(({ tasks }) => tasks));
  let next = 0;
  for (const { subject, keys, key, tasks, not } of trials) {
    const own = results.slice(next, next += tasks.length);
    const judged = [...judge(source, subject, tasks, own), ...not];
    if (not.length === 0 && combineTests(judged).verdict !== "unknown") cache.set(key, judged);
    for (const candidate of keys) tests.set(candidate, judged);
  }
  return { tests, problems: problemsOf(results) };
}

/** What is tested, with the candidates that share its result; `settling` where it is new, and so left alone. */
interface Group {
  subject: Subject;
  settling: Device | null;
  keys: string[];
}

function groupCandidates(
  snapshot: Snapshot,
  source: Identity,
  policy: PreflightPolicy & Settling,
): Group[] {
  const { create, settleMs, nowMs } = policy;
  const groups = new Map<string, Group>();
  for (const candidate of listCandidates(snapshot)) {
    if (candidate.trouble || candidate.migration.uapi === "none") continue;
    const found = subjectFor(snapshot, candidate, { source, create, settleMs, nowMs });
    if (found === null || !isTestable(snapshot, found.subject, source)) continue;
    const { subject } = found;
    // Only that a driver loads is worth a word: the operator chose which devices are tested.
    if (forbidden(subject, { ...policy, mode: loading(policy) }) !== null) continue;
    const { type, parent } = subject.entry;
    const key = JSON.stringify([subject.driver, type, parent]);
    const group = groups.get(key) ?? { ...found, keys: [] };
    group.keys.push(candidateKey(candidate));
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** The mode without its limit on loading, where it allows functions at all. */
const loading = ({ mode }: PreflightPolicy) => mode === "idle" ? "load" : mode;

function told({ driver }: Subject, { message, remedy }: Failure): TestResult {
  return judgeNotMade(driver, `${message}. ${remedy}`);
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
const CACHES = new WeakMap<object, Map<string, readonly TestResult[]>>();

function cacheOf({ devices }: Snapshot): Map<string, readonly TestResult[]> {
  const cache = CACHES.get(devices) ?? new Map<string, readonly TestResult[]>();
  CACHES.set(devices, cache);
  return cache;
}

/** What a result depends on: the driver's build and load, the kernel, the type and its parent, and what was handed over. */
function cacheKey(
  { host }: Snapshot,
  { initialData, version }: Identity,
  { entry: { driver, parentDriver, type, parent }, declared }: Subject,
  { controls, mode }: PreflightPolicy,
): string {
  return JSON.stringify([
    driver,
    parentDriver,
    host.kernel,
    type,
    parent,
    initialData?.sha256,
    initialData?.phase,
    version,
    declared,
    controls,
    mode,
  ]);
}

function tasksFor(
  source: Identity,
  { target, entry }: Subject,
  { path = "any", controls = true, settleMs }: PreflightPolicy,
): WorkerTask[] {
  const tasks: WorkerTask[] = [];
  const attribute = entry.version?.path;
  if (source.version !== null && attribute !== undefined) {
    tasks.push({ do: "test-version", attribute, version: source.version });
  }
  if (source.initialData !== null && source.initialData.bytes > 0) {
    const { base64, phase = "pre-copy" } = source.initialData;
    tasks.push({ do: "test", target, path, settleMs, base64, phase, controls });
  }
  return tasks;
}

function judge(
  { initialData, version }: Identity,
  { driver, declared }: Subject,
  tasks: readonly WorkerTask[],
  results: readonly WorkerResult[],
): TestResult[] {
  const judged = results.map((result, index): TestResult => {
    const { found, check } = result;
    const said = result.sentence || result.problems.map(({ sentence }) => sentence).join("; ");
    if (tasks[index]!.do === "test-version") {
      const outcome = found?.of === "test-version"
        ? found.version
        : { is: "not-made" as const, why: said };
      return judgeVersion({ driver, version, outcome });
    }
    if (found?.of === "test") {
      const { test, seen } = found;
      const { bytes, phase = "pre-copy" } = initialData!;
      return { ...judgeDriver({ driver, test, declared, source: { bytes, phase } }), seen };
    }
    const code = NOT_MADE[result.outcome] ?? "NotTested";
    return judgeNotMade(driver, said, { code, check });
  });
  if (initialData !== null && initialData.bytes > 0) return judged;
  const why = initialData === null ? "the identity carries none" : "it is empty";
  return [...judged, judgeWithoutData(driver, why)];
}

/** What a test is called that could not be made, by its outcome. */
const NOT_MADE: Partial<Record<WorkerResult["outcome"], "Stuck" | "DeviceIsNew">> = {
  stuck: "Stuck",
  new: "DeviceIsNew",
};

function problemsOf(results: readonly WorkerResult[]): Problem[] {
  return results.flatMap(({ problems }) => problems);
}
