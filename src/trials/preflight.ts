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
  rankPending,
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
import { forbiddenByDepth, type PreflightPolicy, runTasks } from "../access/mod.ts";
import {
  forbidden,
  isTestable,
  type Subject,
  subjectFor,
  subjectOf,
  testableOf,
} from "./test_subject.ts";
import type { World } from "../view/mod.ts";

/** The answer for one source and one target: the verdict of an ask with these tests, and the results of the tests. */
export interface TestAnswer extends Judged {
  target: TestTarget;
  tests: Omit<TestResult, "seen">[];
  problems: Problem[];
}

/**
 * Tests one target for one source, by the driver and by the version attribute, and gives one verdict.
 *
 * The verdict is that of an ask with the same tests: if the PCI configuration differs, the target is refused even if
 * the test passes. Nothing is tested if source or target cannot migrate, if they are the same device, or if their
 * drivers differ. Effect: as `runTask`, in a child. Throws a {@link Failure} if the policy forbids the test.
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
  // The operator named the device, so it is tested even if it is new.
  const tasks = isTested ? tasksFor(source, subject, { ...policy, settleMs: 0 }) : [];
  const results = await runTasks(world.access, tasks);
  const tests = isTested ? judge(source, subject, tasks, results) : [];
  return {
    ...judgeOne(snapshot, source, subject.entry, { tests, subsystem }),
    target,
    tests: tests.map(({ seen: _, ...test }) => test),
    problems: problemsOf(results),
  };
}

/** The tests of all candidates for one source, one class after the other. */
export interface Trial {
  /** The results so far. They only become more. */
  readonly tests: TestResults;
  /** The keys of candidates whose test is still to come. */
  readonly pending: ReadonlySet<string>;
  /** What went wrong so far. */
  readonly problems: readonly Problem[];
  /**
   * Tests the next class: the one with the best offer if all tests pass. Calls at the same time share one test. Does
   * nothing if no test is pending. Effect: as {@link testSource}. Throws a {@link Failure} if the test cannot be made
   * now; it stays pending.
   */
  next(): Promise<void>;
}

/** What a trial may do, and how its offers are ordered. `onProblems` gets the problems of each test. */
export interface TrialOptions extends PreflightPolicy, Pick<AskOptions, "order"> {
  onProblems?: (problems: readonly Problem[]) => void;
}

/**
 * Prepares the tests of the candidates that have the driver of the source. One device is tested for each class, and the
 * others share its result. Devices that may not be tested or are not free are skipped. If all free devices of a class
 * are new, the result says until when they are left alone. Effect: none before the first test. Throws a {@link Failure}
 * if the digest of the source's data is wrong.
 */
export async function openTrial(
  world: World,
  snapshot: Snapshot,
  source: Identity,
  { onProblems, order, ...policy }: TrialOptions,
): Promise<Trial> {
  await checkDigest(source);
  const tests = new Map<string, readonly TestResult[]>();
  const problems: Problem[] = [];
  const pending = new Set<string>();
  const cache = cacheOf(snapshot);
  const when = { settleMs: policy.settleMs, nowMs: world.now().getTime() };
  const tell = (keys: readonly string[], judged: readonly TestResult[]): void => {
    for (const key of keys) {
      tests.set(key, judged);
      pending.delete(key);
    }
  };
  const waiting = groupCandidates(snapshot, source, { ...policy, ...when }).flatMap((group) => {
    const made = toClassTest(source, group, { ...policy, ...when });
    const test = {
      ...made,
      keys: group.keys,
      key: cacheKey(snapshot, source, group.subject, policy),
    };
    const known = cache.get(test.key) ?? (test.tasks.length === 0 ? test.judge([]) : undefined);
    if (known !== undefined) tell(group.keys, known);
    else for (const candidate of group.keys) pending.add(candidate);
    return known === undefined ? [test] : [];
  });
  const ranks = new Map(
    rankPending(snapshot, source, { pending, ...(order === undefined ? {} : { order }) })
      .map((key, rank) => [key, rank]),
  );
  const rankOf = ({ keys }: { keys: readonly string[] }) =>
    Math.min(...keys.map((key) => ranks.get(key) ?? Infinity));
  waiting.sort((a, b) => rankOf(a) - rankOf(b));
  const testNext = async (): Promise<void> => {
    const [test] = waiting;
    if (test === undefined) return;
    // Another trial may have tested the class in the meantime.
    const known = cache.get(test.key);
    const results = known === undefined ? await runTasks(world.access, test.tasks) : [];
    const judged = known ?? test.judge(results);
    if (test.settled && combineTests(judged).verdict !== "unknown") cache.set(test.key, judged);
    const met = problemsOf(results);
    problems.push(...met);
    waiting.shift();
    tell(test.keys, judged);
    if (met.length > 0) onProblems?.(met);
  };
  let testing: Promise<void> | null = null;
  return {
    tests,
    pending,
    problems,
    next: () => testing ??= testNext().finally(() => testing = null),
  };
}

/** Makes all tests of {@link openTrial}. */
export async function testCandidates(
  world: World,
  snapshot: Snapshot,
  source: Identity,
  policy: PreflightPolicy,
): Promise<{ tests: TestResults; problems: Problem[] }> {
  const trial = await openTrial(world, snapshot, source, policy);
  while (trial.pending.size > 0) await trial.next();
  return { tests: trial.tests, problems: [...trial.problems] };
}

/** The test of a class: its tasks, and their judgement. `settled`: the result does not depend on the time. */
interface ClassTest {
  tasks: WorkerTask[];
  settled: boolean;
  judge: (results: readonly WorkerResult[]) => TestResult[];
}

function toClassTest(
  source: Identity,
  { subject, settling }: Group,
  policy: PreflightPolicy & Settling,
): ClassTest {
  const tooDeep = forbiddenByDepth(testableOf(subject), policy);
  if (tooDeep !== null) return { tasks: [], settled: true, judge: () => [told(subject, tooDeep)] };
  const tasks = tasksFor(source, subject, policy);
  if (settling === null) {
    return { tasks, settled: true, judge: (results) => judge(source, subject, tasks, results) };
  }
  // A test of the version attribute opens no device.
  const now = tasks.filter((task) => task.do !== "test");
  const { sentence, remedy } = leftAlone(settling, policy);
  const not = tasks.slice(now.length).map(() =>
    judgeNotMade(subject.driver, `${sentence}. ${remedy}`, { code: "DeviceIsNew" })
  );
  return {
    tasks: now,
    settled: not.length === 0,
    judge: (results) => [...judge(source, subject, now, results), ...not],
  };
}

/** A subject and the candidates that share its result; `settling` is set if it is new and not tested yet. */
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
    // Skip what the operator's mode excludes. Report a limit on loading later, with a remedy.
    if (forbidden(subject, { ...policy, mode: loading(policy) }) !== null) continue;
    const { type, parent } = subject.entry;
    const key = JSON.stringify([subject.driver, type, parent]);
    const group = groups.get(key) ?? { ...found, keys: [] };
    group.keys.push(candidateKey(candidate));
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** The mode without its limit on loading, if it allows functions. */
const loading = ({ mode }: PreflightPolicy) => mode === "idle" ? "load" : mode;

function told({ driver }: Subject, { message, remedy }: Failure): TestResult {
  return judgeNotMade(driver, `${message}. ${remedy}`);
}

/** Checks the digest of the initial data: results are cached by it. Throws a {@link Failure} if it is wrong. */
async function checkDigest({ initialData, id }: Identity): Promise<void> {
  if (initialData === null) return;
  const digest = await crypto.subtle.digest("SHA-256", Uint8Array.fromBase64(initialData.base64));
  if (new Uint8Array(digest).toHex() === initialData.sha256) return;
  throw new Failure("bad-input", `initialData.sha256 of ${id} does not match its bytes`, {
    subject: "/initialData/sha256",
    remedy: "Send the identity as vfio-ask identity --initial-data printed it.",
  });
}

/** Test results by the list of devices, kept as long as that list. */
const CACHES = new WeakMap<object, Map<string, readonly TestResult[]>>();

function cacheOf({ devices }: Snapshot): Map<string, readonly TestResult[]> {
  const cache = CACHES.get(devices) ?? new Map<string, readonly TestResult[]>();
  CACHES.set(devices, cache);
  return cache;
}

/** What a result depends on: the driver's build and load, the kernel, the type, its parent, and the data written. */
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

/** The code of a test that could not be made, by outcome. */
const NOT_MADE: Partial<Record<WorkerResult["outcome"], "Stuck" | "DeviceIsNew">> = {
  stuck: "Stuck",
  new: "DeviceIsNew",
};

function problemsOf(results: readonly WorkerResult[]): Problem[] {
  return results.flatMap(({ problems }) => problems);
}
