import type { FailureCode } from "./problem_codes.ts";

/**
 * The error class for everything unexpected. The message says what cannot be done and why. The remedy says what to do
 * in one imperative sentence. The message does not repeat the cause.
 */
export class Failure extends Error {
  /** The affected device, file or option. */
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
