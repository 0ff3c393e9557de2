import { type CommandEntry, loadCommand } from "./command.ts";

/** The commands, as help lists them. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "serve",
    summary: "Answer over HTTP on this machine",
    load: async () => (await import("./serve.ts")).command,
  },
  {
    name: "devices",
    summary: "List this host's VFIO devices and what is known of their migration",
    load: async () => (await import("./devices.ts")).command,
  },
  {
    name: "types",
    summary: "List the types of device that can be made on this host",
    load: async () => (await import("./types.ts")).command,
  },
  {
    name: "identity",
    summary: "Print a device's identity, to ask another host with",
    load: async () => (await import("./identity.ts")).command,
  },
  {
    name: "ask",
    summary: "Ask this host which configurations can take a source's migration",
    load: async () => (await import("./ask.ts")).command,
  },
  {
    name: "supported",
    summary: "List what this host can be a target for, before any source exists",
    load: async () => (await import("./supported.ts")).command,
  },
  {
    name: "snapshot",
    summary: "Print this host as one document, to ask it elsewhere and later",
    load: async () => (await import("./snapshot.ts")).command,
  },
  {
    name: "preflight",
    summary: "Hand a source's initial data to a target's driver, and tell its verdict",
    load: async () => (await import("./preflight.ts")).command,
  },
  {
    name: "doctor",
    summary: "Tell which devices can migrate, why the others cannot, and what to do about it",
    load: async () => (await import("./doctor.ts")).command,
  },
  {
    name: "probe",
    summary: "Open devices and ask their drivers everything, now",
    load: async () => (await import("./probe.ts")).command,
  },
  {
    name: "rules",
    summary: "List the rules of vendors and operators, or check files of them",
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
    summary: "Print completions for a shell",
    load: async () => {
      const { makeCompletions } = await import("./completions.ts");
      return makeCompletions(() => Promise.all(SHOWN.map(loadCommand)));
    },
  },
  {
    name: "worker",
    hidden: true,
    summary: "Do tasks on devices for another vfio-ask",
    load: async () => (await import("./worker.ts")).command,
  },
];

/** The commands that are for people. */
export const SHOWN = COMMANDS.filter(({ hidden }) => !hidden);
