import { openingLine, readLines } from "../children/mod.ts";
import { readTask } from "../tasks/mod.ts";
import { runTask } from "../worker/mod.ts";
import { type Command, YES } from "./command.ts";
import { DEADLINE, deadlineMs, HOST_OPTIONS } from "./options.ts";

/**
 * The child that does what may hang in a driver: one task a line in, one result a line out, until there are no more. It says
 * when it is about to enter the kernel for a device.
 */
export const command: Command = {
  args: "",
  about:
    `Reads tasks from standard input, a line each, and answers each with a line. The program starts it by itself.`,
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
