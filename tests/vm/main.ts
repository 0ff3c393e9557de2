/**
 * The tests of the test machine, compiled into one program that runs there next to the program under test.
 *
 *   vm-tests run RUN [TEXT]     runs the cases whose name contains TEXT, prints one line per case
 *   vm-tests hold DEVICE PATH   holds a device, for the cases
 *   vm-tests grab DEVICE        opens and closes a device repeatedly, and counts refusals
 *   vm-tests churn UUID…        creates and removes mdevs repeatedly
 *   vm-tests hosts [TEXT]       on hosta: runs the cases with two hosts
 *   vm-tests agent              on hostb: runs commands for these cases
 */
import { BENCH_CASES } from "./bench_cases.ts";
import { runCases, type VmCase } from "./case.ts";
import { COMMAND_CASES } from "./command_cases.ts";
import { contractCases } from "./contract_cases.ts";
import { DEVLINK_CASES } from "./devlink_cases.ts";
import { FOLLOW_CASES } from "./follow_cases.ts";
import { serveCommands } from "./hosts/agent.ts";
import { runHosts } from "./hosts/main.ts";
import { grab, hold } from "./holder.ts";
import { killCases } from "./kill_cases.ts";
import { MODEL_CASES } from "./model_cases.ts";
import { NEEDS_CASES } from "./needs_cases.ts";
import { pciCases } from "./pci_cases.ts";
import { JOURNAL_CASES } from "./journal_cases.ts";
import { PERMISSION_CASES } from "./permission_cases.ts";
import { PREFLIGHT_CASES } from "./preflight_cases.ts";
import { QEMU_CASES } from "./qemu_cases.ts";
import { RECOVER_CASES } from "./recover_cases.ts";
import { RELOAD_CASES } from "./reload_cases.ts";
import { SERVE_CASES } from "./serve_cases.ts";
import { churn, STORM, stormCases } from "./storm_cases.ts";
import { SYSTEMD_CASES } from "./systemd_cases.ts";
import { V1_CASES } from "./v1_cases.ts";

const plain = (): VmCase[] => [
  ...COMMAND_CASES,
  ...SERVE_CASES,
  ...FOLLOW_CASES,
  ...MODEL_CASES,
  ...NEEDS_CASES,
  ...DEVLINK_CASES,
];
const preflight = (): VmCase[] => [
  ...PREFLIGHT_CASES,
  ...JOURNAL_CASES,
  ...RECOVER_CASES,
];
const v1 = (): VmCase[] => [...V1_CASES, ...RELOAD_CASES];

const RUNS = [
  "sample",
  "plain",
  "preflight",
  "v1",
  "storm",
  "storm-all",
  "bench",
  "systemd",
  "pci",
  "qemu",
  "pci-all",
] as const;

const [command, ...args] = Deno.args;
switch (command) {
  case "run": {
    const cases = {
      plain,
      preflight: () => [...contractCases(), ...preflight()],
      sample: () =>
        [...contractCases(), ...plain(), ...preflight(), ...v1()].filter(({ sample }) => sample),
      v1,
      storm: () => [...killCases(20), ...stormCases(STORM.sample)],
      "storm-all": () => [...killCases(300), ...stormCases(STORM.whole)],
      bench: () => BENCH_CASES,
      systemd: () => [...SYSTEMD_CASES, ...PERMISSION_CASES],
      qemu: () => QEMU_CASES,
      pci: () => pciCases(false),
      "pci-all": () => pciCases(true),
    }[args[0] as (typeof RUNS)[number]]();
    const chosen = cases.filter(({ name }) => name.includes(args[1] ?? ""));
    Deno.exit(await runCases(chosen) === 0 ? 0 : 1);
    break;
  }
  case "hold":
    Deno.exit(await hold(args[0]!, args[1] as "cdev" | "group"));
    break;
  case "grab":
    Deno.exit(await grab(args[0]!));
    break;
  case "churn":
    Deno.exit(await churn(args));
    break;
  case "hosts":
    Deno.exit(await runHosts(args[0] ?? "") === 0 ? 0 : 1);
    break;
  case "agent":
    await serveCommands();
    break;
  default:
    console.error(
      `usage: vm-tests run ${
        RUNS.join("|")
      }, hold DEVICE PATH, grab DEVICE, churn UUID…, hosts [TEXT], or agent`,
    );
    Deno.exit(2);
}
