import type { Terminal } from "./command.ts";

/** How many times at most it is told how far something is. */
const STEPS = 100;

/**
 * Tells a person how far something is, in one line of standard error that is cleared at the end. Says nothing where nobody
 * watches. Call what it gives with how many are done.
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

/** To the start of the line, and nothing on it. */
const CLEAR = "\r\x1b[K";
