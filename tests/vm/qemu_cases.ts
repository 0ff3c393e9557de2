/** mtty, really migrated by QEMU: what is predicted of its options, and what it then does. */
import { assert, assertEquals } from "@std/assert";
import type { VmCase } from "./case.ts";
import { hasCdev, KNOWN, makeMdev, MTTY_2, removeMdev, runProgram } from "./machine.ts";
import { installQemu, loadMachine, type Machine, type Tried, tryToSave } from "./qemu.ts";

const STREAM = "/tmp/stream-mtty";

/** How QEMU runs the source, and what it does: where the log works, and where it starts and cannot report. */
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

/** The exit code of asking for a source that a QEMU runs so. */
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

/** A source of one type and a target of another: what is predicted, and what QEMU makes of it. */
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
    name: "QEMU 10 takes mtty of one type into another as predicted",
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
      // The destination needs none of it to take the machine, even where it could not migrate it on. Each takes a
      // new mtty: one that was loaded and has no reset takes nothing again.
      for (const properties of ["enable-migration=auto", "x-device-dirty-page-tracking=off"]) {
        const target = makeMdev("mtty-2");
        const taken = await loadMachine({ ...machine, properties }, target, STREAM);
        removeMdev(target);
        assertEquals(taken, null, properties);
      }
    },
  })),
  {
    name: "QEMU 7.2 migrates no mtty, and that is not said to work",
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
