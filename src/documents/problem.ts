import * as z from "zod/mini";
import { codeField } from "./code.ts";
import type { Known } from "./known.ts";
import { Failure } from "./failure.ts";
import type { ProblemCode } from "./problem_codes.ts";

/**
 * Something that was met on the way and did not stop the answer: one bad device never hides the others.
 * `subject` is what it happened to, `sentence` is for a person, `remedy` one imperative sentence or null.
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

/** The problem that an error amounts to, for the thing it happened to. */
export function toProblem(error: unknown, subject: string): Problem {
  if (error instanceof Failure) {
    const { code, message, remedy } = error;
    return { code, subject, sentence: message, remedy };
  }
  const sentence = error instanceof Error ? error.message : String(error);
  return { code: "internal", subject, sentence, remedy: null };
}
