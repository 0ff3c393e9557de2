import {
  deviceOf,
  Failure,
  InvalidDocument,
  type Outcome,
  OutcomeReport,
  OUTCOMES_SCHEMA,
  type Problem,
  readAs,
  readOutcome,
  shorten,
  type Snapshot,
} from "../documents/mod.ts";
import { predict } from "../judge/ask/mod.ts";
import { type Ledger, makeOutcome } from "../ledger/mod.ts";
import type { AskWorld } from "./ask_world.ts";
import type { WithBody } from "./bodies.ts";
import { HttpProblem } from "./problem.ts";
import type { Route } from "./route.ts";

/** What the routes of outcomes need. */
export interface OutcomeWorld extends Pick<AskWorld, "newest" | "subsystem"> {
  /** The last snapshot, without observing the host again. */
  last: () => Promise<Snapshot>;
  /** Reads the ledger of outcomes. */
  readLedger: () => Ledger;
  /** Adds outcomes to the ledger, and waits until they are on disk. */
  record: (outcomes: readonly Outcome[]) => Promise<Problem[]>;
  now: () => Date;
}

/** The routes that list and record what became of migrations. */
export function outcomeRoutes(
  world: OutcomeWorld,
  { withBody }: { withBody: WithBody },
): Route[] {
  return [
    ["GET", "/v1/outcomes", async (c) => {
      const { host } = await world.last();
      return c.json({ schema: OUTCOMES_SCHEMA, host, ...world.readLedger() });
    }],
    ["POST", "/v1/outcomes", (c) =>
      withBody(c.req.raw, async ({ json }) => {
        const outcome = await outcomeOf(world, json);
        const [problem] = await world.record([outcome]);
        if (problem !== undefined) throw notRecorded(problem);
        return c.json(outcome, 201);
      })],
  ];
}

/** The outcome in a body. A document is taken as it is. A report about a device of this host is made one. */
async function outcomeOf(world: OutcomeWorld, body: unknown): Promise<Outcome> {
  if (isDocument(body)) return readDocument(body);
  const { data: report, issues } = readAs<OutcomeReport>(OutcomeReport, body);
  if (issues !== undefined) throw invalid(new InvalidDocument(issues, { remedy: REMEDY }));
  const { source, target, origin = "operator" } = report;
  const snapshot = await world.newest(target);
  const device = deviceOf(snapshot, target);
  const predicted = report.predicted === undefined
    ? predict(snapshot, source, { device, subsystem: world.subsystem })
    : report.predicted;
  return makeOutcome({
    ...report,
    target: { device, host: snapshot.host },
    predicted,
    origin,
    at: world.now(),
  });
}

const REMEDY = "Send a document as vfio-ask outcome --json prints it, or " +
  '{ "source": identity, "target": DEVICE, "result": "ok" }.';

function isDocument(body: unknown): boolean {
  return (body as { schema?: unknown } | null)?.schema !== undefined;
}

function readDocument(body: unknown): Outcome {
  try {
    return readOutcome(body);
  } catch (error) {
    if (error instanceof InvalidDocument) throw invalid(error);
    if (!(error instanceof Failure)) throw error;
    throw new HttpProblem("schema-unsupported", error.message, {
      pointer: "/schema",
      value: shorten((body as { schema: unknown }).schema),
      remedy: error.remedy,
    });
  }
}

function invalid({ issues, message, remedy }: InvalidDocument): HttpProblem {
  const errors = issues.map(({ value = null, ...issue }) => ({ ...issue, value }));
  const [{ pointer, value }] = issues;
  return new HttpProblem("outcome-invalid", message, {
    pointer,
    value: value ?? null,
    remedy,
    errors,
  });
}

function notRecorded({ code, subject, sentence, remedy }: Problem): HttpProblem {
  const problem = code === "bad-input"
    ? "outcome-invalid"
    : code === "not-permitted"
    ? "not-permitted"
    : code === "unavailable"
    ? "worker-unavailable"
    : "internal";
  return new HttpProblem(problem, sentence, {
    ...(problem === "outcome-invalid" ? { pointer: subject } : {}),
    remedy,
  });
}
