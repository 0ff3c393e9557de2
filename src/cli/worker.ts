import { openingLine, readLines } from "../children/mod.ts";
import { readTask } from "../tasks/mod.ts";
import { runTask } from "../worker/mod.ts";
import { type Command, YES } from "./command.ts";
import { DEADLINE, deadlineMs, HOST_OPTIONS } from "./options.ts";

/**
 * The child process for calls that can hang in a driver. It reads one task per line and writes one result per line,
 * until the input ends. It reports when it is about to open a device.
 */
export const command: Command = {
  about:
    `Reads one task per line from standard input, and prints one result per line. For internal use.`,
  options: [...HOST_OPTIONS, DEADLINE],
  async run(context) {
    const { out } = context.terminal;
    const onOpening = (device: string) => out(openingLine(device));
    const world = { ...await context.openWorkerWorld(), onOpening };
    const lines = readLines(Deno.stdin.readable);
    for (let next = await lines.next(); next !== null; next = await lines.next()) {
      const result = await runTask(world, readTask(next.line), { deadlineMs: deadlineMs(context) });
      out(JSON.stringify(result) + "\n");
    }
    return YES;
  },
};
