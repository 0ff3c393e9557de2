import { type CommandEntry, loadCommand } from "./command.ts";

/** The commands, in the order of help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "serve",
    summary: "Serve the HTTP API on this machine",
    load: async () => (await import("./serve.ts")).command,
  },
  {
    name: "devices",
    summary: "List VFIO devices and their migration support",
    load: async () => (await import("./devices.ts")).command,
  },
  {
    name: "types",
    summary: "List device types that can be created on this host",
    load: async () => (await import("./types.ts")).command,
  },
  {
    name: "identity",
    summary: "Print a device's identity, to ask another host about it",
    load: async () => (await import("./identity.ts")).command,
  },
  {
    name: "ask",
    summary: "Find configurations that can accept a source's live migration",
    load: async () => (await import("./ask.ts")).command,
  },
  {
    name: "supported",
    summary: "List the types of sources that this host can accept",
    load: async () => (await import("./supported.ts")).command,
  },
  {
    name: "snapshot",
    summary: "Print a snapshot of this host, for use elsewhere or later",
    load: async () => (await import("./snapshot.ts")).command,
  },
  {
    name: "preflight",
    summary: "Test a source's initial data with a target's driver",
    load: async () => (await import("./preflight.ts")).command,
  },
  {
    name: "doctor",
    summary: "Show which devices can migrate, why others cannot, and how to fix it",
    load: async () => (await import("./doctor.ts")).command,
  },
  {
    name: "probe",
    summary: "Open devices now and query their drivers",
    load: async () => (await import("./probe.ts")).command,
  },
  {
    name: "rules",
    summary: "List the rules of vendors and operators, or check rule files",
    load: async () => (await import("./rules.ts")).command,
  },
  {
    name: "unit",
    summary: "Print a systemd unit for the service",
    load: async () => (await import("./unit.ts")).command,
  },
  {
    name: "version",
    summary: "Print the version",
    load: async () => (await import("./version.ts")).command,
  },
  {
    name: "completions",
    summary: "Print shell completions",
    load: async () => {
      const { makeCompletions } = await import("./completions.ts");
      return makeCompletions(() => Promise.all(SHOWN.map(loadCommand)));
    },
  },
  {
    name: "worker",
    hidden: true,
    summary: "Run device tasks for another vfio-ask process",
    load: async () => (await import("./worker.ts")).command,
  },
];

/** The commands that help and completions list. */
export const SHOWN = COMMANDS.filter(({ hidden }) => !hidden);
