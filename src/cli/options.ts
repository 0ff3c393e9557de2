import { DEADLINE_MS } from "../children/mod.ts";
import { PREFLIGHT_MODES, type PreflightMode, type PreflightPolicy } from "../access/mod.ts";
import { PROBE_DEFAULTS, PROBE_MODES, type ProbeMode, type ProbeOptions } from "../view/mod.ts";
import { OPEN_PATHS, type OpenPath } from "../tasks/mod.ts";
import { SUBSYSTEM_MODES, type SubsystemMode } from "../judge/ask/mod.ts";
import { Failure } from "../documents/mod.ts";
import { SCENARIO_NAMES } from "../simulator/names.ts";
import type { Option, Parsed } from "./command.ts";

export const HELP: Option = { name: "help", help: "Show this help" };
export const JSON_OUTPUT: Option = { name: "json", help: "Print JSON instead of a table" };

/** For a command that always prints JSON, so that `--json` is valid for every command with a document. */
export const JSON_ALWAYS: Option = {
  name: "json",
  help: "Print JSON, which is also the default",
};

/** Which host to examine. */
export const HOST_OPTIONS: readonly Option[] = [
  { name: "sysfs", value: "DIR", help: "Mount point of sysfs (/sys)" },
  { name: "dev", value: "DIR", help: "Directory of device nodes (/dev)" },
  { name: "proc", value: "DIR", help: "Mount point of procfs (/proc)" },
  {
    name: "state",
    value: "DIR",
    help: "State directory ($STATE_DIRECTORY, else /var/lib/vfio-ask)",
  },
  {
    name: "rules",
    value: "DIRS",
    help:
      "Rule directories, highest priority first (/etc/vfio-ask/rules.d:/usr/share/vfio-ask/rules.d)",
  },
  {
    name: "facts",
    value: "DIRS",
    help: "Directories of declared facts (/etc/vfio-ask/facts.d)",
  },
  {
    name: "simulate",
    value: "SCENARIO",
    help: "Use a simulated host",
    choices: SCENARIO_NAMES,
  },
];

export const DEADLINE: Option = {
  name: "deadline",
  value: "SECONDS",
  help: "Time limit for each device (10)",
};

/** Which device node to open. */
export const PATH: Option = {
  name: "path",
  value: "PATH",
  help: "Open devices through their cdev or group (any)",
  choices: OPEN_PATHS,
};

/** Which host to look at, and how its devices are probed. */
export const LOOK_OPTIONS: readonly Option[] = [
  ...HOST_OPTIONS,
  {
    name: "probe",
    value: "MODE",
    help: "Probe one idle device of each class, each idle device, or none (representative)",
    choices: PROBE_MODES,
  },
  { name: "settle", value: "SECONDS", help: "Do not open a new device for this long (10)" },
  DEADLINE,
];

/** How to judge differences that QEMU does not check. */
export const JUDGE_OPTIONS: readonly Option[] = [
  {
    name: "subsystem",
    value: "MODE",
    help: "Warn about subsystem IDs that differ from the source's, or refuse them (warn)",
    choices: SUBSYSTEM_MODES,
  },
];

/** The option that says how to judge different subsystem IDs. */
export function subsystemMode(parsed: Parsed): SubsystemMode {
  return (text(parsed, "subsystem") ?? "warn") as SubsystemMode;
}

/** Which devices may be tested, and how. */
export const PREFLIGHT_OPTIONS: readonly Option[] = [
  {
    name: "preflight",
    value: "MODE",
    help: "Test no idle device, mdevs, drivers that do not load the state, or all (mdev)",
    choices: PREFLIGHT_MODES,
    implied: "mdev",
  },
  PATH,
  {
    name: "preflight-controls",
    value: "on|off",
    help: "Also test with the target's own data and with altered copies (on)",
    choices: ["on", "off"],
  },
  { name: "preflight-create", help: "Allow creating a temporary mdev for a test" },
  {
    name: "stop-copy-bytes",
    value: "BYTES",
    help: "Stop a source without PRE_COPY and read this much of its data (never)",
  },
];

/** Which devices the worker service may open. */
export const DRIVERS: Option = {
  name: "drivers",
  value: "NAMES",
  help: "Open only devices of these drivers (all)",
};

/** The tests that the options allow. */
export function preflightPolicy(parsed: Parsed): PreflightPolicy {
  return {
    mode: (text(parsed, "preflight") ?? "mdev") as PreflightMode,
    controls: text(parsed, "preflight-controls") !== "off",
    create: parsed.options["preflight-create"] === true,
    path: openPath(parsed),
    settleMs: settleMs(parsed),
  };
}

/** The same for reading initial data, with the most bytes of STOP_COPY data to read, null for none. */
export function dataPolicy(parsed: Parsed): PreflightPolicy & { stopCopyBytes: number | null } {
  return { ...preflightPolicy(parsed), stopCopyBytes: stopCopyBytes(parsed) };
}

/** The device node to open, from the options. */
export function openPath(parsed: Parsed): OpenPath {
  return (text(parsed, "path") ?? "any") as OpenPath;
}

/** The time limit for each device, from the options. */
export function deadlineMs(parsed: Parsed): number {
  return milliseconds(parsed, "deadline") ?? DEADLINE_MS;
}

function stopCopyBytes(parsed: Parsed): number | null {
  const given = text(parsed, "stop-copy-bytes");
  if (given === null) return null;
  const bytes = Number(given);
  if (!Number.isInteger(bytes) || bytes < 1 || bytes > 16 << 20) {
    throw wrongValue("stop-copy-bytes", given, `not a number from 1 to ${16 << 20}`, "4096");
  }
  return bytes;
}

/** The text of an option, or null if it was not given. */
export function text({ options }: Parsed, name: string): string | null {
  const value = options[name];
  return typeof value === "string" ? value : null;
}

/** The values of an option that can be repeated. */
export function texts({ options }: Parsed, name: string): string[] {
  return [options[name] ?? []].flat().map(String);
}

/** The value of an option as an integer from 0, null if it was not given. */
export function count(parsed: Parsed, name: string): number | null {
  const given = text(parsed, name);
  if (given === null) return null;
  if (/^\d{1,6}$/.test(given)) return Number(given);
  throw wrongValue(name, given, "not a whole number", "0");
}

/** How to probe devices, from the options. */
export function probeOptions(parsed: Parsed): ProbeOptions {
  const mode = (text(parsed, "probe") ?? PROBE_DEFAULTS.mode) as ProbeMode;
  return { mode, settleMs: settleMs(parsed) };
}

/** How long a new device is not opened. The default for a simulated host is 0. */
function settleMs(parsed: Parsed): number {
  const settle = text(parsed, "simulate") === null ? PROBE_DEFAULTS.settleMs : 0;
  return milliseconds(parsed, "settle") ?? settle;
}

/** The value of an option in seconds, as milliseconds; null if it was not given. */
export function milliseconds(parsed: Parsed, name: string): number | null {
  const given = text(parsed, name);
  if (given === null) return null;
  const seconds = Number(given);
  if (given.trim() !== "" && seconds >= 0 && seconds <= 86_400) return seconds * 1000;
  throw wrongValue(name, given, "not a number of seconds", "10");
}

/** Checks a value against the choices of an option. Throws a {@link Failure} that names the option. */
export function checkValue({ name, value, choices }: Option, given: string): void {
  if (value === undefined) return;
  if (given === "") throw usage(`--${name} needs a value`, `Use --${name} ${value}.`, `--${name}`);
  if (choices === undefined || choices.includes(given)) return;
  throw usage(
    `--${name} ${given}: unknown ${value.toLowerCase()}`,
    `Use one of ${choices.join(", ")}.`,
    `--${name}`,
  );
}

/** An error for an option with an invalid value. */
export function wrongValue(name: string, given: unknown, is: string, example: string): Failure {
  const remedy = `For example, use --${name} ${example}.`;
  return usage(`--${name} ${given}: ${is}`, remedy, `--${name}`);
}

/** An error for an invalid command line. The subject is the option, if it is about one. */
export function usage(sentence: string, remedy: string, subject = "command line"): Failure {
  return new Failure("bad-input", sentence, { subject, remedy });
}
