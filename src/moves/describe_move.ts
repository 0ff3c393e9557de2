import { escaped, type Move } from "../documents/mod.ts";

/**
 * A move as commands for a shell. Comments say on which host they run. Pure.
 */
export function describeMove(
  { plan, verdict, now, machine, from, to, commands, xml, xmlChanged, look }: Move,
): string {
  const subject = machine?.name ?? "the device";
  const { destination, source } = commands;
  const xmlLine = xml === null
    ? []
    : xmlChanged
    ? ["# The file is the output of the same command with --make xml."]
    : ["# The domain XML needs no change."];
  const lines = [
    `# Moves ${subject} from ${from} to ${to}, plan ${plan}: ${verdict}${now ? "" : ", not now"}.`,
    ...look.map((sentence) => `# Look at: ${sentence}`),
    ...(destination.length === 0 ? [] : ["", `# On ${to}, as root:`, ...destination]),
    ...(source.length === 0 ? [] : ["", `# On ${from}, as root:`, ...xmlLine, ...source]),
  ];
  return lines.map((line) => `${escaped(line)}\n`).join("");
}
