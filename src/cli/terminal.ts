import { Failure } from "../documents/mod.ts";
import { OutputClosed, type Terminal } from "./command.ts";

const text = new TextEncoder();

/** The terminal of this process. */
export function openTerminal(): Terminal {
  return {
    out: (message) => write(Deno.stdout, message),
    err: (message) => write(Deno.stderr, message),
    watched: Deno.stderr.isTerminal(),
  };
}

/** Writes the whole text, in several writes if the pipe is full. */
function write(to: typeof Deno.stdout, message: string): void {
  for (let rest = text.encode(message); rest.length > 0;) {
    try {
      rest = rest.subarray(to.writeSync(rest));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) throw new OutputClosed();
      throw new Failure("kernel", `Cannot write the output: ${(error as Error).message}`, {
        subject: "output",
        remedy: "Check the disk or pipe that the output goes to.",
      });
    }
  }
}
