import type { Terminal } from "./command.ts";

/** The maximum number of progress updates. */
const STEPS = 100;

/**
 * Shows progress in one line of standard error, and clears it at the end. Prints nothing if standard error is not a
 * terminal. Returns a function to call with the number of items done.
 */
export function showProgress(
  terminal: Terminal,
  { total, what }: { total: number; what: string },
): (done: number) => void {
  const every = Math.ceil(total / STEPS);
  return (done) => {
    if (!terminal.watched || total < 2) return;
    if (done === total) terminal.err(CLEAR);
    else if (done % every === 0) terminal.err(`${CLEAR}${what} ${done} of ${total}`);
  };
}

/** Moves to the start of the line and clears it. */
const CLEAR = "\r\x1b[K";
