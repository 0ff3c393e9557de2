import * as z from "zod/mini";
import { FACTS_SCHEMA } from "./schemas.ts";
import { Name } from "./text.ts";

/** The name of a declared fact: a key of `facts`, in camelCase. */
const FactKey = z.lazy(() => z.string().check(z.regex(/^[a-z][A-Za-z0-9]*$/)));

/** Facts that an operator declares of some devices and types: those that fit all that `for` names, `*` being anything. */
export const OperatorFact = z.lazy(() =>
  z.strictObject({
    for: z.strictObject({
      /** The name of a device in sysfs. */
      device: z.optional(Name),
      /** The name of its parent; of a type, where it is made. */
      parent: z.optional(Name),
      driver: z.optional(Name),
      type: z.optional(Name),
    }),
    set: z.record(FactKey, z.union([Name, z.number(), z.boolean(), z.array(Name)])),
  })
);
export type OperatorFact = z.infer<typeof OperatorFact>;

/** A file of facts that nothing on the host can be read from. */
export const OperatorFacts = z.lazy(() =>
  z.strictObject({ schema: z.literal(FACTS_SCHEMA), facts: z.array(OperatorFact) })
);
export type OperatorFacts = z.infer<typeof OperatorFacts>;
