/** Migrates devices with altered PCI configurations in QEMU, and compares the results with the predictions. */
import { assert, assertEquals } from "@std/assert";
import type { VmCase } from "./case.ts";
import { makeMdev, runProgram } from "./machine.ts";
import {
  type Alteration,
  alteredSpace,
  ELSEWHERE,
  OF_V1,
  ON_PORT,
  ORIGINAL,
} from "./pci_alterations.ts";
import { installQemu, loadMachine, type Machine, saveMachine, vmmOptions } from "./qemu.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

/** Alterations to test in a machine. */
interface Trial {
  machine: Machine;
  type: "askpci-v1" | "askpci-v2";
  alterations: readonly Alteration[];
}

const V2 = { qemu: "10", bus: "port", properties: "enable-migration=on" } as const;
const V1 = { qemu: "7.2", bus: "port", properties: "x-enable-migration=on" } as const;

const TRIALS: readonly Trial[] = [
  { machine: { ...V2, machineType: "pc-q35-10.0" }, type: "askpci-v2", alterations: ON_PORT },
  {
    machine: { ...V2, machineType: "pc-q35-9.0" },
    type: "askpci-v2",
    alterations: ELSEWHERE["pc-q35-9.0"]!,
  },
  {
    machine: { ...V2, machineType: "pc-i440fx-10.0", bus: "conventional" },
    type: "askpci-v2",
    alterations: ELSEWHERE["pc-i440fx-10.0"]!,
  },
  {
    machine: { ...V2, machineType: "pc-q35-10.0", bus: "root-complex" },
    type: "askpci-v2",
    alterations: ELSEWHERE["root-complex"]!,
  },
  { machine: { ...V1, machineType: "pc-q35-7.2" }, type: "askpci-v1", alterations: OF_V1 },
];

/** Makes a device show the original with an alteration. */
function show(device: string, alteration: Alteration): void {
  const { size = ORIGINAL.size, bars = ORIGINAL.bars } = alteration;
  const folder = `/sys/bus/mdev/devices/${device}`;
  Deno.writeFileSync(`${folder}/config`, alteredSpace(alteration));
  Deno.writeTextFileSync(`${folder}/config_size`, `${size}`);
  Deno.writeTextFileSync(`${folder}/bar_sizes`, bars.join(" "));
}

/** A saved source: its identity and its stream. */
interface Source {
  version: string;
  identity: Json;
  stream: string;
  target: string;
}

const sources = new Map<Machine, Promise<Source>>();
const devices = new Map<string, readonly [string, string]>();
let installed: Machine["qemu"] | null = null;
let state = 0;

/** Options that probe every device again. */
const freshly = () => ["--settle", "0", "--probe", "each", "--state", `/tmp/pci-state-${state++}`];

/** The source of a trial, created and saved at its first use. */
function sourceOf({ machine, type }: Trial): Promise<Source> {
  const known = sources.get(machine) ?? makeSource(machine, type);
  sources.set(machine, known);
  return known;
}

async function makeSource(machine: Machine, type: Trial["type"]): Promise<Source> {
  const version = await installQemu(machine.qemu);
  installed = machine.qemu;
  const [device, target] = devices.get(type) ??
    [makeMdev(type, "askpci"), makeMdev(type, "askpci")];
  devices.set(type, [device, target]);
  show(device, { name: "nothing" });
  const options = ["--initial-data", ...vmmOptions(machine, version), ...freshly()];
  const { stdout, stderr, code } = await runProgram(["identity", device, ...options]);
  assertEquals(code, 0, stderr);
  const stream = `/tmp/stream-${machine.machineType}-${machine.bus}`;
  await saveMachine(machine, device, stream);
  return { version, identity: JSON.parse(stdout), stream, target };
}

/** The program's verdict on the target, with reasons and warnings. */
async function predict({ identity, target }: Source, ...options: string[]): Promise<Json> {
  const args = ["ask", "-", "--json", "--refusals=each", ...freshly(), ...options];
  const { stdout, stderr } = await runProgram(args, { stdin: JSON.stringify(identity) });
  assert(stdout !== "", stderr);
  const { offers, refusals } = JSON.parse(stdout);
  return [...offers, ...refusals].find(({ configuration: { id } }: Json) => id === target);
}

/** The codes of reasons from QEMU's comparison, and the code for a difference that QEMU does not check. */
const BY_QEMU = ["PciConfigDiffers", "PciDeviceRefused"];
const OURS = "BarsDiffer";

function caseOf(trial: Trial, alteration: Alteration): VmCase {
  const { machine, type } = trial;
  const { machineType, bus, qemu } = machine;
  return {
    name: `QEMU ${qemu}, ${machineType}, ${bus}: ${alteration.name}`,
    async run() {
      const source = await sourceOf(trial);
      if (installed !== qemu) await installQemu(qemu);
      installed = qemu;
      show(source.target, alteration);
      const plain = await predict(source);
      const tested = await predict(source, "--preflight");
      const said = await loadMachine(machine, source.target, source.stream);
      const reasons: Json[] = tested.verdict === "incompatible" ? tested.reasons : [];
      const codes = reasons.map(({ code }) => code);
      console.log(
        "pair " + JSON.stringify({
          version: source.version,
          machineType,
          bus,
          uapi: type.slice(-2),
          name: alteration.name,
          plain: [plain.verdict, ...codesOf(plain)],
          tested: [tested.verdict, tested.evidence, ...codesOf(tested)],
          qemu: said === null ? "migrated" : complaintIn(said),
        }),
      );
      // Only the reasons from QEMU's comparison predict its result. The verdict is the same, except for BARs.
      const refuses = codes.some((code) => BY_QEMU.includes(code));
      assertEquals([refuses, said], [said !== null, said], JSON.stringify(tested));
      assertEquals(tested.verdict, refuses || codes.includes(OURS) ? "incompatible" : "compatible");
      assertEquals(plain.verdict, tested.verdict === "compatible" ? "unknown" : "incompatible");
      checkPlace(said, reasons);
    },
  };
}

/** The line with the cause, otherwise the first line. */
function complaintIn(said: string): string {
  const lines = said.split("\n");
  return lines.find((line) => line.includes("Bad config data")) ?? lines[0]!;
}

/** If QEMU names the first byte that differs, the reason must name the register that contains it. */
function checkPlace(said: string | null, reasons: readonly Json[]): void {
  const byte = said?.match(/Bad config data: i=0x([0-9a-f]+)/)?.[1];
  const place = reasons.find(({ code }) => code === "PciConfigDiffers")?.sentence
    .match(/ at 0x([0-9a-f]+)/)?.[1];
  if (byte === undefined || place === undefined) return;
  const distance = parseInt(byte, 16) - parseInt(place, 16);
  assert(distance >= 0 && distance < 4, `${said}: ${reasons[0].sentence}`);
}

function codesOf({ reasons, warnings }: Json): string[] {
  return [...reasons, ...warnings].map(({ code }: Json) => code)
    .filter((code) => /^(Pci|Bars|Subsystem|Vendor|Driver)/.test(code));
}

/** All cases, or the sample. */
export function pciCases(all: boolean): VmCase[] {
  return TRIALS.flatMap((trial) =>
    trial.alterations.filter((alteration) => all || alteration.sample === true)
      .map((alteration) => caseOf(trial, alteration))
  );
}
