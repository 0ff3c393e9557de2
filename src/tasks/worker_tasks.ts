import * as z from "zod/mini";
import {
  Capabilities,
  Check,
  DriverTest,
  Failure,
  Holder,
  InitialData,
  type Known,
  Migration,
  Name,
  PciConfig,
  Problem,
  readAs,
} from "../documents/mod.ts";

/** A target to test: a device, or a type of which a temporary mdev is created for the test. */
export const TestTarget = z.union([
  z.looseObject({ device: Name }),
  z.looseObject({ type: Name, parent: Name }),
]);
export type TestTarget = { device: string } | { type: string; parent: string };

/** The node by which a device is opened. */
export const OPEN_PATHS = ["any", "cdev", "group"] as const;
const OpenPath = z.enum(OPEN_PATHS);
export type OpenPath = (typeof OPEN_PATHS)[number];

/**
 * A task of the worker. The worker answers each task with one line. It does not open a device newer than `settleMs`:
 * since the task was planned, the device may have been replaced by another one of the same name.
 */
export const WorkerTask = z.discriminatedUnion("do", [
  /** Ask a device everything. */
  z.looseObject({ do: z.literal("probe"), device: z.string(), path: OpenPath }),
  /** Read the initial data of a device, or of a temporary mdev of its type. */
  z.looseObject({
    do: z.literal("read-initial-data"),
    target: TestTarget,
    path: OpenPath,
    settleMs: z.number(),
    stopCopyBytes: z.nullable(z.number()),
  }),
  /** Write a source's initial data to a target. */
  z.looseObject({
    do: z.literal("test"),
    target: TestTarget,
    path: OpenPath,
    settleMs: z.number(),
    base64: z.string(),
    phase: z.enum(["pre-copy", "stop-copy"]),
    /** Whether to write the device's own data and altered copies of it first. */
    controls: z.boolean(),
  }),
  /** Write a source's version to a target's version attribute. */
  z.looseObject({ do: z.literal("test-version"), attribute: z.string(), version: z.string() }),
  /** Recover a device that an earlier process left behind. */
  z.looseObject({ do: z.literal("recover"), device: z.string(), settleMs: z.number() }),
  /** Repair a named device: reset it if it is not in RUNNING, or create an mdev again if the reset fails. */
  z.looseObject({ do: z.literal("repair"), device: z.string(), remake: z.boolean() }),
]);
export type WorkerTask = Known<z.infer<typeof WorkerTask>>;

/** Parses a task. Throws a {@link Failure} for any other line: only a bug in this program writes one. */
export function readTask(line: string): WorkerTask {
  const { data, issues } = readAs<WorkerTask>(WorkerTask, JSON.parse(line));
  if (data !== undefined) return data;
  const [{ pointer, detail }] = issues;
  throw new Failure("bad-input", `Cannot do a task: ${pointer}: ${detail}`, { subject: "task" });
}

/** The result of a write to a version attribute: whether the driver took all, a part, or none with an errno. */
export const VersionOutcome = z.discriminatedUnion("is", [
  z.looseObject({ is: z.literal("taken") }),
  z.looseObject({ is: z.literal("partly-taken") }),
  z.looseObject({ is: z.literal("refused"), errno: z.string() }),
]);

/** What repaired a device: nothing, if it was in RUNNING or has no migration state. */
export const REMEDIES = ["nothing", "reset", "remade"] as const;

/** The finding of a task, by its kind. A recovery has none. */
const Found = z.discriminatedUnion("of", [
  z.looseObject({ of: z.literal("probe"), capabilities: Capabilities }),
  z.looseObject({ of: z.literal("read-initial-data"), initialData: InitialData }),
  z.looseObject({
    of: z.literal("test"),
    test: DriverTest,
    /** The tested device's answer about itself. */
    seen: z.looseObject({ migration: Migration, pciConfig: z.nullable(PciConfig) }),
  }),
  z.looseObject({ of: z.literal("test-version"), version: VersionOutcome }),
  z.looseObject({
    of: z.literal("repair"),
    by: z.enum(REMEDIES),
    /** The migration state before and after; null if it has none, or if it could not be read. */
    was: z.nullable(z.string()),
    state: z.nullable(z.string()),
  }),
]);

/** The result of a task. `outcome` says whether the task could be done; the tests are judged elsewhere. */
export const WorkerResult = z.lazy(() =>
  z.looseObject({
    outcome: z.enum([
      "done",
      "in-use",
      "new",
      "not-permitted",
      "not-viable",
      "gone",
      "failed",
      "stuck",
    ]),
    sentence: z.string(),
    remedy: z.nullable(z.string()),
    check: z.nullable(Check),
    holder: z.nullable(Holder),
    found: z.nullable(Found),
    problems: z.array(Problem),
  })
);
export type WorkerResult = Known<z.infer<typeof WorkerResult>>;

/** A result with these parts; the others are empty. */
export function workerResult(
  outcome: WorkerResult["outcome"],
  rest: Partial<WorkerResult> = {},
): WorkerResult {
  return {
    outcome,
    sentence: "",
    remedy: null,
    check: null,
    holder: null,
    found: null,
    problems: [],
    ...rest,
  };
}

/** The answer of a probed device; null if the task was not a probe, or was not done. */
export function capabilitiesOf({ found }: WorkerResult): Capabilities | null {
  return found?.of === "probe" ? found.capabilities : null;
}
