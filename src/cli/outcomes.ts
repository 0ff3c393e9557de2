import { CALIBRATION_SCHEMA, Failure, type Outcome, OUTCOMES_SCHEMA } from "../documents/mod.ts";
import { readHost } from "../host/mod.ts";
import {
  calibrate,
  type Calibrated,
  LEDGER_LIMITS,
  readLedger,
  sumCalibrated,
} from "../ledger/mod.ts";
import { type Command, type Context, FAILED, YES } from "./command.ts";
import { json } from "./look.ts";
import { HOST_OPTIONS, JSON_OUTPUT, text, usage } from "./options.ts";
import { predictedWords, resultWords } from "./outcome_words.ts";
import { readOutcomesFile } from "./read_outcomes.ts";
import { formatColumns } from "./table.ts";
import { tellProblems } from "./words.ts";

export const command: Command = {
  about:
    `Lists what became of the migrations that this host knows of, oldest first. Answers take them
into account where the builds of both sides are the same: drivers, kernels, types, facts such as
firmware and PSID, versions of QEMU, and the machine type.

--export prints all of them as one document, for --import on another host. --calibration holds what
answers said against what became of the migrations.`,
  options: [
    { name: "export", help: "Print all outcomes as one JSON document, for --import elsewhere" },
    {
      name: "import",
      value: "FILE",
      help: "Add the outcomes of another host (- for standard input)",
    },
    { name: "calibration", help: "Show how often answers were right, by verdict and evidence" },
    ...HOST_OPTIONS,
    JSON_OUTPUT,
  ],
  async run(context) {
    const { terminal, options } = context;
    const file = text(context, "import");
    const modes = [file !== null, options.export === true, options.calibration === true];
    if (modes.filter((mode) => mode).length > 1) {
      throw usage("--import, --export and --calibration exclude each other", "Use one of them.");
    }
    if (file !== null) return await importFile(context, file);
    const { roots, stateDirectory } = await context.openWorld();
    const { outcomes, problems } = readLedger(stateDirectory);
    tellProblems(terminal, problems);
    const host = readHost(roots);
    if (options.calibration) {
      const predictions = calibrate(outcomes);
      const total = sumCalibrated(predictions);
      const document = { schema: CALIBRATION_SCHEMA, host, predictions, total, problems };
      terminal.out(options.json ? json(document) : calibrationTable(predictions));
    } else if (options.json || options.export) {
      terminal.out(json({ schema: OUTCOMES_SCHEMA, host, outcomes, problems }));
    } else {
      terminal.out(outcomes.length === 0 ? "no outcomes\n" : formatColumns(outcomes, COLUMNS));
    }
    return YES;
  },
};

/** Adds the outcomes of a file, except those that are known already. */
async function importFile(context: Context, file: string): Promise<number> {
  const { terminal } = context;
  const read = await readOutcomesFile(file);
  const { access, stateDirectory } = await context.openWorld();
  const before = readLedger(stateDirectory).outcomes;
  const seen = new Set(before.map(contentOf));
  const fresh: Outcome[] = [];
  for (const outcome of read) {
    const content = contentOf(outcome);
    if (seen.has(content)) continue;
    seen.add(content);
    fresh.push({ ...outcome, origin: "import" });
  }
  checkRoom(before, fresh, file);
  const problems = await access.record(fresh);
  if (problems.length > 0) {
    tellProblems(terminal, problems);
    return FAILED;
  }
  const known = read.length - fresh.length;
  terminal.out(`imported ${fresh.length} outcomes${known === 0 ? "" : `, ${known} were known`}\n`);
  return YES;
}

/** Throws a {@link Failure} if outcomes of this host would have to go for the imported ones. */
function checkRoom(before: readonly Outcome[], fresh: readonly Outcome[], file: string): void {
  const bytesOf = (outcomes: readonly Outcome[]) =>
    new TextEncoder().encode(JSON.stringify(outcomes)).length;
  const entries = LEDGER_LIMITS.entries - before.length;
  const bytes = LEDGER_LIMITS.bytes - bytesOf(before);
  if (fresh.length <= entries && bytesOf(fresh) <= bytes) return;
  throw new Failure(
    "bad-input",
    `Cannot import ${file}: ${fresh.length} outcomes of ${bytesOf(fresh)} bytes, ` +
      `and the ledger has room for ${entries} of ${bytes} bytes`,
    { subject: file, remedy: "Import only the newest ones." },
  );
}

/** An outcome without what an import changes. */
function contentOf({ origin: _, ...outcome }: Outcome): string {
  const fields = Object.entries(outcome).toSorted(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify(fields);
}

const COLUMNS = {
  TIME: ({ at }: Outcome) => at,
  RESULT: resultWords,
  SOURCE: ({ source }: Outcome) => `${source.id} (${source.type}) of ${source.host}`,
  TARGET: ({ target }: Outcome) => `${target.id} (${target.type}) of ${target.host}`,
  PREDICTED: predictedWords,
  VM: ({ vm }: Outcome) => vm ?? "-",
  FROM: ({ origin }: Outcome) => origin,
};

type Row = Omit<Calibrated, "verdict" | "evidence"> & { verdict: string; evidence: string | null };

function calibrationTable(rows: readonly Calibrated[]): string {
  if (rows.length === 0) return "no predictions with an outcome\n";
  const all: Row[] = [...rows, { verdict: "all", evidence: null, ...sumCalibrated(rows) }];
  return formatColumns(all, {
    PREDICTED: ({ verdict }) => verdict,
    EVIDENCE: ({ evidence }) => evidence ?? "-",
    OK: ({ ok }) => String(ok),
    "FAILED (DEVICE)": ({ failedByDevice }) => String(failedByDevice),
    "FAILED (OTHER)": ({ failedOtherwise }) => String(failedOtherwise),
    TOTAL: ({ ok, failedByDevice, failedOtherwise }) =>
      String(ok + failedByDevice + failedOtherwise),
    RIGHT: ({ right }) => right === null ? "-" : `${Math.round(right * 1000) / 10} %`,
  });
}
