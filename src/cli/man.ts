import { FACTS_DIRECTORIES, RULES_DIRECTORIES, SETTINGS_FILE } from "../config/mod.ts";
import { formatProgramPage, formatRulesPage, type Meaning } from "../man/mod.ts";
import { type Command, EXIT_CODES, type NamedCommand, YES } from "./command.ts";
import { usage } from "./options.ts";

export const command: Command = {
  args: "[vfio-ask | vfio-ask-rules]",
  about: `Prints a manual page in roff. To read it without installing it:

  vfio-ask man | man -l -`,
  options: [],
  async run({ args: [name = "vfio-ask", ...more], terminal, loadCommands, version }) {
    const page = PAGES.find((page) => page.name === name);
    if (page === undefined || more.length > 0) {
      const given = [name, ...more].join(" ");
      throw usage(`man: no page ${given}`, `Use ${PAGES.map(({ name }) => name).join(" or ")}.`);
    }
    terminal.out(page.format(await loadCommands(), version));
    return YES;
  },
};

/** A manual page. */
export interface Page {
  name: string;
  section: number;
  format: (commands: readonly NamedCommand[], version: string) => string;
}

const RULES_FILES: readonly Meaning[] = [
  ...RULES_DIRECTORIES.map((path) => [`${path}/*.json`, "Rules."] as const),
  ...FACTS_DIRECTORIES.map((path) => [`${path}/*.json`, "Declared facts."] as const),
];

/** All manual pages of the program. */
export const PAGES: readonly Page[] = [
  {
    name: "vfio-ask",
    section: 8,
    format: (commands, version) =>
      formatProgramPage({
        version,
        commands,
        exitCodes: EXIT_CODES.map(([code, meaning]) => [String(code), `${meaning}.`]),
        files: [
          [SETTINGS_FILE, "The configuration of the service."],
          [`${SETTINGS_FILE.replace(/json$/, "d")}/*.json`, "Drop-ins of the configuration."],
          ...RULES_FILES,
          ["/var/lib/vfio-ask", "The state: results of probes, and the journal of devices."],
          ["/run/vfio-ask", "Sockets."],
        ],
        environment: ENVIRONMENT,
        signals: SIGNALS,
        examples: EXAMPLES,
      }),
  },
  {
    name: "vfio-ask-rules",
    section: 5,
    format: (_, version) => formatRulesPage({ version, files: RULES_FILES }),
  },
];

const ENVIRONMENT: readonly Meaning[] = [
  ["STATE_DIRECTORY", "The state directory without --state. The service manager sets it."],
  ["NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID", "The service manager's, see sd_notify(3)."],
  ["JOURNAL_STREAM", "If it names standard error, messages begin with their priority."],
];

const SIGNALS: readonly Meaning[] = [
  ["SIGTERM, SIGINT", "Stop after the current requests, but within five seconds."],
  [
    "SIGHUP",
    "Read rules, facts and the configuration again. A wrong configuration changes nothing; the " +
    "status of the service and its log name the error.",
  ],
];

const EXAMPLES: readonly Meaning[] = [
  ["vfio-ask identity DEVICE > source.json", "On the source's host: describe a device."],
  ["vfio-ask ask source.json", "On a target host: list offers, best first, and refusals."],
  ["vfio-ask doctor", "Show which devices can migrate, and what keeps the others from it."],
  ["vfio-ask install --now", "Install and start the service."],
  ["vfio-ask config check && systemctl reload vfio-ask", "Apply a changed configuration."],
];
