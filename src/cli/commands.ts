import type { CommandEntry } from "./command.ts";

/** The modules of the commands. Each is loaded when the command or its help is called. */
const MODULES = {
  serve: () => import("./serve.ts"),
  devices: () => import("./devices.ts"),
  types: () => import("./types.ts"),
  vm: () => import("./vm.ts"),
  identity: () => import("./identity.ts"),
  ask: () => import("./ask.ts"),
  supported: () => import("./supported.ts"),
  snapshot: () => import("./snapshot.ts"),
  preflight: () => import("./preflight.ts"),
  outcome: () => import("./outcome.ts"),
  outcomes: () => import("./outcomes.ts"),
  doctor: () => import("./doctor.ts"),
  probe: () => import("./probe.ts"),
  recover: () => import("./recover.ts"),
  export: () => import("./export.ts"),
  rules: () => import("./rules.ts"),
  hook: () => import("./hook.ts"),
  install: () => import("./install.ts"),
  uninstall: () => import("./uninstall.ts"),
  config: () => import("./config.ts"),
  unit: () => import("./unit.ts"),
  version: () => import("./version.ts"),
  completions: () => import("./completions.ts"),
  man: () => import("./man.ts"),
  broker: () => import("./broker.ts"),
  worker: () => import("./worker.ts"),
};

/** What each command does, in one line, in the order of help. */
const SUMMARIES: Readonly<Record<keyof typeof MODULES, string>> = {
  serve: "Serve the HTTP API on this machine",
  devices: "List VFIO devices and their migration support",
  types: "List device types that can be created on this host",
  vm: "List the virtual machines of this host that use VFIO devices",
  identity: "Print the identity of a device or a virtual machine, to ask another host about it",
  ask: "Find configurations that can accept a source's live migration",
  supported: "List the types of sources that this host can accept",
  snapshot: "Print a snapshot of this host, for use elsewhere or later",
  preflight: "Test a source's initial data with a target's driver",
  outcome: "Record what became of a migration to this host",
  outcomes: "List what became of migrations, and how right the answers were",
  doctor: "Show which devices can migrate, why others cannot, and how to fix it",
  probe: "Open devices now and query their drivers",
  recover: "Repair devices that a failed migration left unusable",
  export: "Write this host's devices for a scheduler or for monitoring",
  rules: "List the rules of vendors and operators, or check rule files",
  hook: "Judge a migration that comes in, as a hook of libvirt",
  install: "Install the service on this machine",
  uninstall: "Remove the installed service",
  config: "Check the service's configuration, or show its effective settings",
  unit: "Print a systemd unit for the service",
  version: "Print the version",
  completions: "Print shell completions",
  man: "Print a manual page",
  broker: "Answer the requests of the service that need privileges",
  worker: "Run device tasks for another vfio-ask process",
};

/** The commands, in the order of help. */
export const COMMANDS: readonly CommandEntry[] = Object.entries(MODULES).map(([name, load]) => {
  const summary = SUMMARIES[name as keyof typeof MODULES];
  return { name, summary, load: async () => ({ ...(await load()).command, name, summary }) };
});

/** The commands that help and completions list. The others are for internal use. */
export const SHOWN = COMMANDS.filter(({ name }) => name !== "worker" && name !== "broker");
