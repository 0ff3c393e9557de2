import type { FailureCode } from "./problem_codes.ts";

/**
 * The unexpected: one error class for the whole program. The message says what cannot be done and why,
 * the remedy, one imperative sentence, says what to do; the cause is kept apart and not repeated.
 */
export class Failure extends Error {
  /** The thing it happened to: a device, a file, an option. */
  readonly subject: string;
  readonly code: FailureCode;
  readonly remedy: string | null;

  constructor(
    code: FailureCode,
    message: string,
    { subject, remedy = null, cause }: { subject: string; remedy?: string | null; cause?: unknown },
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "Failure";
    this.code = code;
    this.subject = subject;
    this.remedy = remedy;
  }
}
