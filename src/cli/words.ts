import { escaped, type Problem, type Snapshot } from "../documents/mod.ts";
import type { Terminal } from "./command.ts";

export {
  availabilityWords,
  configurationWords,
  driverWords,
  migrationWords,
  trackingWords,
  whyNotNow,
} from "../answers/mod.ts";

/** Prints problems on standard error, each with its remedy. */
export function tellProblems(terminal: Terminal, problems: readonly Problem[]): void {
  for (const { subject, sentence, remedy } of problems) {
    const about = sentence.includes(subject) ? "" : `${subject}: `;
    terminal.err(
      `vfio-ask: ${escaped(about + sentence)}.${remedy === null ? "" : ` ${remedy}`}\n`,
    );
  }
}

/** The line above a listing: host, kernel and snapshot. */
export function snapshotWords(
  { host, snapshot, takenAt }: Pick<Snapshot, "host" | "snapshot" | "takenAt">,
) {
  return escaped(`${host.name}, Linux ${host.kernel}, snapshot ${snapshot} of ${takenAt}`);
}
