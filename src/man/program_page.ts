import { bold, entry, escapeText, formatHelp, italic, pageHeading, section } from "./roff.ts";

/** An option as a page shows it. */
export interface PageOption {
  name: string;
  value?: string;
  help: string;
  choices?: readonly string[];
  implied?: string;
}

/** A command as a page shows it. */
export interface PageCommand {
  name: string;
  summary: string;
  args?: string;
  about: string;
  options: readonly PageOption[];
}

/** A term and its meaning: an exit code, a file, a variable or a signal. */
export type Meaning = readonly [term: string, meaning: string];

/** The content of vfio-ask(8), from the tables that help is printed from. */
export interface ProgramPage {
  version: string;
  commands: readonly PageCommand[];
  exitCodes: readonly Meaning[];
  files: readonly Meaning[];
  environment: readonly Meaning[];
  signals: readonly Meaning[];
  /** A command line and what it does. */
  examples: readonly Meaning[];
}

/** The page vfio-ask(8) in roff. Each option is described once, with the commands that have it. Pure. */
export function formatProgramPage(page: ProgramPage): string {
  const list = (meanings: readonly Meaning[]) =>
    meanings.map(([term, meaning]) => entry(bold(term), escapeText(meaning))).join("");
  return [
    pageHeading("vfio-ask", 8, page.version),
    section(
      "NAME",
      "vfio\\-ask \\- find configurations that can accept a VFIO device's live migration\n",
    ),
    section("SYNOPSIS", `${bold("vfio-ask")} ${italic("COMMAND")} [option...] [argument...]\n`),
    section("DESCRIPTION", formatHelp(DESCRIPTION).replace(/^\.PP\n/, "")),
    section("COMMANDS", page.commands.map(commandText).join("")),
    section("OPTIONS", optionsText(page.commands)),
    section("EXIT STATUS", list(page.exitCodes)),
    section("FILES", list(page.files)),
    section("ENVIRONMENT", list(page.environment)),
    section("SIGNALS", `The service handles these signals.\n${list(page.signals)}`),
    section("EXAMPLES", list(page.examples)),
    section("SEE ALSO", `${SEE_ALSO.join(",\n")}\n`),
  ].join("");
}

const DESCRIPTION =
  `A virtual machine on another host uses a VFIO device. vfio-ask shows which configurations of this
host can accept its live migration, best first, and why the others cannot.

A configuration is an idle device, or a type of device that can be created. The source is described
by an identity, a JSON document that vfio-ask identity prints on the source's host. The service
answers the same questions over HTTP, on loopback and on a Unix socket.`;

const SEE_ALSO = [
  "\\fBvfio\\-ask\\-rules\\fR(5)",
  "\\fBsystemctl\\fR(1)",
  "\\fBjournalctl\\fR(1)",
  "\\fBmdevctl\\fR(8)",
];

function commandText({ name, args, summary, about, options }: PageCommand): string {
  const usage = `${bold(`vfio-ask ${name}`)} [option...]${args ? ` ${italic(args)}` : ""}\n`;
  const names = options.map(({ name }) => bold(`--${name}`)).join(", ");
  const own = options.length === 0 ? "" : `.PP\nOptions: ${names}.\n`;
  return section(name, `${usage}.PP\n${escapeText(summary)}.\n${formatHelp(about)}${own}`, "SS");
}

/** All options in order of their names. One name can have several meanings in different commands. */
function optionsText(commands: readonly PageCommand[]): string {
  const all = commands.flatMap(({ name: command, options }) =>
    options.map((option) => ({ command, option, key: `${option.name} ${option.help}` }))
  );
  const sorted = all.toSorted((a, b) => a.option.name < b.option.name ? -1 : 1);
  const help = entry(bold("--help"), "Show the help of a command.");
  return help + [...Map.groupBy(sorted, ({ key }) => key).values()].map((same) => {
    const { option } = same[0]!;
    const names = [...new Set(same.map(({ command }) => command))].join(", ");
    const choices = option.choices === undefined ? "" : ` Values: ${option.choices.join(", ")}.`;
    const text = `${defaultApart(option.help)}.${choices} Commands: ${names}.`;
    return entry(optionTerm(option), escapeText(text));
  }).join("");
}

function optionTerm({ name, value, implied }: PageOption): string {
  if (value === undefined) return bold(`--${name}`);
  if (implied === undefined) return `${bold(`--${name}`)} ${italic(value)}`;
  return `${bold(`--${name}`)}[=${italic(value)}]`;
}

/** Help with its default in words: `Time limit for each device. Default: 10`. */
function defaultApart(help: string): string {
  return help.replace(/ \(([^()]*)\)$/, ". Default: $1");
}
