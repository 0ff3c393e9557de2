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

/** A target to test: a device, or a type that an mdev is made of for the time of the test. */
export const TestTarget = z.union([
  z.looseObject({ device: Name }),
  z.looseObject({ type: Name, parent: Name }),
]);
export type TestTarget = { device: string } | { type: string; parent: string };

/** By which node a device is opened. */
export const OPEN_PATHS = ["any", "cdev", "group"] as const;
const OpenPath = z.enum(OPEN_PATHS);
export type OpenPath = (typeof OPEN_PATHS)[number];

/**
 * What the worker is told to do; each task is answered by one line. A device newer than `settleMs` is left
 * alone: time has passed since the task was planned, and the device of that name may be another by now.
 */
export const WorkerTask = z.discriminatedUnion("do", [
  /** Ask a device everything. */
  z.looseObject({ do: z.literal("probe"), device: z.string(), path: OpenPath }),
  /** Read the initial data of a device, or of an mdev made of its type. */
  z.looseObject({
    do: z.literal("read-initial-data"),
    target: TestTarget,
    path: OpenPath,
    settleMs: z.number(),
    stopCopyBytes: z.nullable(z.number()),
  }),
  /** Hand a source's initial data to a target's driver. */
  z.looseObject({
    do: z.literal("test"),
    target: TestTarget,
    path: OpenPath,
    settleMs: z.number(),
    base64: z.string(),
    phase: z.enum(["pre-copy", "stop-copy"]),
    /** Whether the device's own data and altered copies of it are handed over before. */
    controls: z.boolean(),
  }),
  /** Write a source's version to a target's version attribute. */
  z.looseObject({ do: z.literal("test-version"), attribute: z.string(), version: z.string() }),
  /** Put right what an earlier process left behind. */
  z.looseObject({ do: z.literal("recover"), device: z.string(), settleMs: z.number() }),
]);
export type WorkerTask = Known<z.infer<typeof WorkerTask>>;

/** A line as a task. Throws where it is none: only a fault of this program writes one. */
export function readTask(line: string): WorkerTask {
  const { data, issues } = readAs<WorkerTask>(WorkerTask, JSON.parse(line));
  if (data !== undefined) return data;
  const [{ pointer, detail }] = issues;
  throw new Failure("bad-input", `Cannot do a task: ${pointer}: ${detail}`, { subject: "task" });
}

/** What came of a write to a version attribute: how much it took, or the errno. */
export const VersionOutcome = z.discriminatedUnion("is", [
  z.looseObject({ is: z.literal("taken") }),
  z.looseObject({ is: z.literal("partly-taken") }),
  z.looseObject({ is: z.literal("refused"), errno: z.string() }),
]);

/** What a task that was done has found, by what it was: a recovery finds nothing. */
const Found = z.discriminatedUnion("of", [
  /** What a device said that was probed. */
  z.looseObject({ of: z.literal("probe"), capabilities: Capabilities }),
  z.looseObject({ of: z.literal("read-initial-data"), initialData: InitialData }),
  z.looseObject({
    of: z.literal("test"),
    test: DriverTest,
    /** What the tested device said of itself. */
    seen: z.looseObject({ migration: Migration, pciConfig: z.nullable(PciConfig) }),
  }),
  z.looseObject({ of: z.literal("test-version"), version: VersionOutcome }),
]);

/** What came of a task. `outcome` says whether it could be done at all; what was tested is judged elsewhere. */
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

/** A result with these parts, and nothing else to say. */
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

/** What a device said that was probed, null where the result is of no probe that was done. */
export function capabilitiesOf({ found }: WorkerResult): Capabilities | null {
  return found?.of === "probe" ? found.capabilities : null;
}
