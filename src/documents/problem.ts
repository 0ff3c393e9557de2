import * as z from "zod/mini";
import { codeField } from "./code.ts";
import type { Known } from "./known.ts";
import { Failure } from "./failure.ts";
import type { ProblemCode } from "./problem_codes.ts";

/**
 * Something that went wrong but did not stop the answer: one bad device never hides the others. `subject` is the affected
 * thing, `sentence` is for people, and `remedy` is one imperative sentence or null.
 */
export const Problem = z.lazy(() =>
  z.looseObject({
    code: codeField<ProblemCode>(),
    subject: z.string(),
    sentence: z.string(),
    remedy: z.nullable(z.string()),
  })
);
export type Problem = Known<z.infer<typeof Problem>>;

/** Converts an error to a problem of the affected thing. */
export function toProblem(error: unknown, subject: string): Problem {
  if (error instanceof Failure) {
    const { code, message, remedy } = error;
    return { code, subject, sentence: message, remedy };
  }
  const sentence = error instanceof Error ? error.message : String(error);
  return { code: "internal", subject, sentence, remedy: null };
}
