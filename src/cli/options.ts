import { DEADLINE_MS } from "../children/mod.ts";
import { PREFLIGHT_MODES, type PreflightMode, type PreflightPolicy } from "../trials/mod.ts";
import { PROBE_DEFAULTS, PROBE_MODES, type ProbeMode, type ProbeOptions } from "../view/mod.ts";
import { OPEN_PATHS, type OpenPath } from "../tasks/mod.ts";
import { SUBSYSTEM_MODES, type SubsystemMode } from "../judge/ask/mod.ts";
import { Failure } from "../documents/mod.ts";
import { SCENARIO_NAMES } from "../simulator/names.ts";
import type { Option, Parsed } from "./command.ts";

export const HELP: Option = { name: "help", help: "Show this help" };
export const JSON_OUTPUT: Option = { name: "json", help: "Print JSON instead of a table" };

/** Of a command that prints a document anyway, so that `--json` is right with each that has one. */
export const JSON_ALWAYS: Option = {
  name: "json",
  help: "Print JSON, as it does without this too",
};

/** Which host is looked at. */
export const HOST_OPTIONS: readonly Option[] = [
  { name: "sysfs", value: "DIR", help: "Where sysfs is mounted (/sys)" },
  { name: "dev", value: "DIR", help: "Where device nodes are (/dev)" },
  { name: "proc", value: "DIR", help: "Where procfs is mounted (/proc)" },
  {
    name: "state",
    value: "DIR",
    help: "Where answers are remembered ($STATE_DIRECTORY, else /var/lib/vfio-ask)",
  },
  {
    name: "rules",
    value: "DIRS",
    help: "Where rules are, by standing (/etc/vfio-ask/rules.d:/usr/share/vfio-ask/rules.d)",
  },
  {
    name: "facts",
    value: "DIRS",
    help: "Where operators declare facts of devices (/etc/vfio-ask/facts.d)",
  },
  {
    name: "simulate",
    value: "SCENARIO",
    help: "Look at a simulated host",
    choices: SCENARIO_NAMES,
  },
];

export const DEADLINE: Option = {
  name: "deadline",
  value: "SECONDS",
  help: "Give a device this long to answer (10)",
};

/** By which node devices are opened. */
const PATH: Option = {
  name: "path",
  value: "PATH",
  help: "Open devices by their cdev or by their group (any)",
  choices: OPEN_PATHS,
};

/** How the worker opens devices. */
export const OPEN_OPTIONS: readonly Option[] = [PATH, DEADLINE];

/** How devices are asked. */
export const PROBE_OPTIONS: readonly Option[] = [
  {
    name: "probe",
    value: "MODE",
    help: "Ask one idle device of each class once, each idle device, or none (representative)",
    choices: PROBE_MODES,
  },
  { name: "settle", value: "SECONDS", help: "Leave a new device alone for this long (10)" },
  DEADLINE,
];

/** What the operator makes of differences that nobody checks. */
export const JUDGE_OPTIONS: readonly Option[] = [
  {
    name: "subsystem",
    value: "MODE",
    help:
      "Warn of other subsystem ids than the source's, which QEMU does not check, or refuse (warn)",
    choices: SUBSYSTEM_MODES,
  },
];

/** How other subsystem ids are judged, by the options. */
export function subsystemMode(parsed: Parsed): SubsystemMode {
  return (text(parsed, "subsystem") ?? "warn") as SubsystemMode;
}

/** Whether devices may be tested. */
export const PREFLIGHT_OPTIONS: readonly Option[] = [
  {
    name: "preflight",
    value: "MODE",
    help:
      "Which idle devices may be tested through their driver; load: drivers that load too (mdev)",
    choices: PREFLIGHT_MODES,
    implied: "mdev",
  },
  PATH,
  {
    name: "preflight-controls",
    value: "on|off",
    help: "Whether tests hand over the target's own and altered data too (on)",
    choices: ["on", "off"],
  },
  { name: "preflight-create", help: "Allow making an mdev for the time of a test" },
  {
    name: "stop-copy-bytes",
    value: "BYTES",
    help: "Where a source has no PRE_COPY, stop it and read this much of its data (never)",
  },
];

/** Which tests the operator allows. */
export function preflightPolicy(parsed: Parsed): PreflightPolicy {
  return {
    mode: (text(parsed, "preflight") ?? "mdev") as PreflightMode,
    controls: text(parsed, "preflight-controls") !== "off",
    create: parsed.options["preflight-create"] === true,
    path: openPath(parsed),
    settleMs: settleMs(parsed),
  };
}

/** By which node devices are to be opened, by the options. */
export function openPath(parsed: Parsed): OpenPath {
  return (text(parsed, "path") ?? "any") as OpenPath;
}

/** How long a device may take to answer, by the options. */
export function deadlineMs(parsed: Parsed): number {
  return milliseconds(parsed, "deadline") ?? DEADLINE_MS;
}

/** How much of STOP_COPY may be read, null for none. */
export function stopCopyBytes(parsed: Parsed): number | null {
  const given = text(parsed, "stop-copy-bytes");
  if (given === null) return null;
  const bytes = Number(given);
  if (!Number.isInteger(bytes) || bytes < 1 || bytes > 16 << 20) {
    throw usage(
      `--stop-copy-bytes ${given}: not a number from 1 to ${16 << 20}`,
      "Write --stop-copy-bytes 4096, for instance.",
    );
  }
  return bytes;
}

/** The text of an option, or null where it was not given. */
export function text({ options }: Parsed, name: string): string | null {
  const value = options[name];
  return typeof value === "string" ? value : null;
}

/** The values of an option that may be given several times. */
export function texts({ options }: Parsed, name: string): string[] {
  return [options[name] ?? []].flat().map(String);
}

/** A whole number from 0 on in an option, null where it was not given. */
export function count(parsed: Parsed, name: string): number | null {
  const given = text(parsed, name);
  if (given === null) return null;
  if (!/^\d{1,6}$/.test(given)) {
    throw usage(`--${name} ${given}: not a whole number`, `Write --${name} 0, for instance.`);
  }
  return Number(given);
}

/** How devices are to be asked, by the options. */
export function probeOptions(parsed: Parsed): ProbeOptions {
  const mode = text(parsed, "probe") as ProbeMode | null;
  return {
    mode: mode ?? PROBE_DEFAULTS.mode,
    settleMs: settleMs(parsed),
  };
}

/** How long a new device is left alone. On a simulated host none is too new. */
function settleMs(parsed: Parsed): number {
  const settle = text(parsed, "simulate") === null ? PROBE_DEFAULTS.settleMs : 0;
  return milliseconds(parsed, "settle") ?? settle;
}

/** An option in seconds, as milliseconds; null where it was not given. */
export function milliseconds(parsed: Parsed, name: string): number | null {
  const given = text(parsed, name);
  if (given === null) return null;
  const seconds = Number(given);
  if (given.trim() === "" || !(seconds >= 0 && seconds <= 86_400)) {
    throw usage(`--${name} ${given}: not a number of seconds`, `Write --${name} 10, for instance.`);
  }
  return seconds * 1000;
}

/** A wrong command line. */
export function usage(sentence: string, remedy: string): Failure {
  return new Failure("bad-input", sentence, { subject: "command line", remedy });
}
