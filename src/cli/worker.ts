import { openingLine, probeOne, runTask, WorkerTask } from "../agent/mod.ts";
import { type Command, YES } from "./command.ts";
import { HOST_OPTIONS, milliseconds } from "./options.ts";

/** How long a task may take before its device counts as stuck, where nobody says. */
const DEADLINE_MS = 10_000;

/**
 * The child that does what may hang in a driver: one task a line in, one result a line out, or one for each device
 * that is named, which is asked. It says when it is about to enter the kernel for one.
 */
export const worker: Command = {
  name: "worker",
  hidden: true,
  summary: "Do tasks on devices for another vfio-ask",
  args: "[DEVICE…]",
  about:
    `Asks the devices that are named; without one, reads tasks from standard input. Answers each with a line. The
program starts it by itself.`,
  options: [...HOST_OPTIONS, {
    name: "deadline",
    value: "SECONDS",
    help: "When a task is stuck (10)",
  }],
  async run(context) {
    using opened = await context.openWorld();
    const { out } = context.terminal;
    const world = { ...opened, onOpening: (device: string) => out(openingLine(device)) };
    for (const device of context.args) out(JSON.stringify(await probeOne(world, device)) + "\n");
    if (context.args.length > 0) return YES;
    const deadlineMs = milliseconds(context, "deadline") ?? DEADLINE_MS;
    const input = await new Response(Deno.stdin.readable).text();
    for (const line of input.split("\n")) {
      if (line === "") continue;
      const result = await runTask(world, WorkerTask.parse(JSON.parse(line)), { deadlineMs });
      out(JSON.stringify(result) + "\n");
    }
    return YES;
  },
};
