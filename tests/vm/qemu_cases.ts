/** Migrates mtty in QEMU with different options, and compares the results with the predictions. */
import { assert, assertEquals } from "@std/assert";
import type { VmCase } from "./case.ts";
import { hasCdev, KNOWN, makeMdev, MTTY_2, removeMdev, runProgram } from "./machine.ts";
import { installQemu, loadMachine, type Machine, type Tried, tryToSave } from "./qemu.ts";

const STREAM = "/tmp/stream-mtty";

/** QEMU options of the source, and QEMU's result if DMA logging works, or if it starts but cannot report. */
interface Trial {
  enableMigration: "on" | "off" | "auto";
  log: "on" | "off";
  works: Tried["outcome"];
  cannotReport: Tried["outcome"];
}

const TRIALS: readonly Trial[] = [
  { enableMigration: "auto", log: "on", works: "passes", cannotReport: "fails" },
  { enableMigration: "on", log: "on", works: "passes", cannotReport: "fails" },
  { enableMigration: "on", log: "off", works: "passes", cannotReport: "passes" },
  { enableMigration: "auto", log: "off", works: "blocked", cannotReport: "blocked" },
  { enableMigration: "off", log: "on", works: "blocked", cannotReport: "blocked" },
];

function machineOf({ enableMigration, log }: Trial): Machine {
  return {
    qemu: "10",
    machineType: "pc-q35-10.0",
    bus: "port",
    properties: `enable-migration=${enableMigration},x-device-dirty-page-tracking=${log}`,
  };
}

/** The exit code of `ask` for a source with these QEMU options. */
async function predict(options: readonly string[]): Promise<number> {
  const { stdout } = await runProgram(["identity", MTTY_2, ...options, ...KNOWN]);
  const identity = JSON.parse(stdout);
  const source = { ...identity, host: { ...identity.host, bootId: "another" } };
  const asked = await runProgram(["ask", "-", ...KNOWN], { stdin: JSON.stringify(source) });
  console.log(asked.stdout.split("\n").filter((line) => line.startsWith("need")).join("\n"));
  return asked.code;
}

/** The verdicts on one device of this host for a source, plain and tested. */
async function verdictsOn(target: string, source: unknown): Promise<string[]> {
  const verdict = async (...options: string[]) => {
    const args = ["ask", "-", "--json", "--refusals=each", ...options, ...KNOWN];
    const { stdout } = await runProgram(args, { stdin: JSON.stringify(source) });
    const { offers, refusals } = JSON.parse(stdout);
    // deno-lint-ignore no-explicit-any
    return [...offers, ...refusals].find(({ configuration }: any) => configuration.id === target)
      .verdict;
  };
  return [await verdict(), await verdict("--preflight")];
}

/** Migrates from one type to another, and compares QEMU's result with the prediction. */
async function migratePair(from: string, to: string): Promise<void> {
  const version = await installQemu("10");
  const machine = machineOf({ ...TRIALS[0]!, enableMigration: "on", log: "off" });
  const [source, target] = [makeMdev(from), makeMdev(to)];
  try {
    const options = ["--qemu-version", version, "--backend", "container"];
    options.push("--enable-migration", "on", "--device-dirty-page-tracking", "off");
    const { stdout } = await runProgram([
      ...["identity", source, "--initial-data", ...options],
      ...KNOWN,
    ]);
    const [plain, tested] = await verdictsOn(target, JSON.parse(stdout));
    assertEquals((await tryToSave(machine, source, STREAM)).outcome, "passes");
    const refused = await loadMachine(machine, target, STREAM);
    const did = refused === null ? "migrated" : `refused: ${refused.split("\n").at(-1)}`;
    console.log(`${from} to ${to}: plain ${plain}, tested ${tested}; QEMU ${did}`);
    const expected = refused === null ? "compatible" : "incompatible";
    assertEquals([plain, tested], [expected, expected], did);
    assertEquals(refused === null, from === to, did);
  } finally {
    for (const id of [source, target]) removeMdev(id);
  }
}

export const QEMU_CASES: readonly VmCase[] = [
  {
    name: "QEMU 10 migrates mtty between types as predicted",
    async run() {
      for (const from of ["mtty-1", "mtty-2"]) {
        for (const to of ["mtty-1", "mtty-2"]) await migratePair(from, to);
      }
    },
  },
  ...TRIALS.map((trial): VmCase => ({
    name: `QEMU 10 migrates mtty as predicted: ${machineOf(trial).properties}`,
    async run() {
      const version = await installQemu("10");
      const machine = machineOf(trial);
      const predicted = await predict([
        ...["--qemu-version", version],
        ...["--backend", "container", "--enable-migration", trial.enableMigration],
        ...["--device-dirty-page-tracking", trial.log],
      ]);
      const { outcome, said } = await tryToSave(machine, MTTY_2, STREAM);
      console.log(`${machine.properties}: predicted ${predicted}, ${outcome}: ${said}`);
      assertEquals(outcome, hasCdev() ? trial.works : trial.cannotReport, said);
      assertEquals(predicted, outcome === "passes" ? 0 : 1);
      if (outcome !== "passes") return;
      // The destination needs none of these options to load the machine, only to migrate it again. Each load needs a
      // new mtty: a loaded mtty that was not reset accepts no further data.
      for (const properties of ["enable-migration=auto", "x-device-dirty-page-tracking=off"]) {
        const target = makeMdev("mtty-2");
        const taken = await loadMachine({ ...machine, properties }, target, STREAM);
        removeMdev(target);
        assertEquals(taken, null, properties);
      }
    },
  })),
  {
    name: "QEMU 7.2 cannot migrate mtty, and this is predicted",
    async run() {
      const version = await installQemu("7.2");
      const machine = {
        qemu: "7.2",
        machineType: "pc-q35-7.2",
        bus: "port",
        properties: "x-enable-migration=on",
      } as const;
      const predicted = await predict(["--qemu-version", version, "--enable-migration", "on"]);
      const { outcome, said } = await tryToSave(machine, MTTY_2, STREAM);
      assertEquals(outcome, "blocked", said);
      assert(predicted !== 0);
    },
  },
];
