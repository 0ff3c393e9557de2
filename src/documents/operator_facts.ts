import * as z from "zod/mini";
import { FACTS_SCHEMA } from "./schemas.ts";
import { Name } from "./text.ts";

/** The name of a declared fact: a camelCase key of `facts`. */
const FactKey = z.lazy(() => z.string().check(z.regex(/^[a-z][A-Za-z0-9]*$/)));

/** Facts that an operator declares for the devices and types that match all of `for`, where `*` matches anything. */
export const OperatorFact = z.lazy(() =>
  z.strictObject({
    for: z.strictObject({
      /** The name of a device in sysfs. */
      device: z.optional(Name),
      /** The name of the parent of a device or type. */
      parent: z.optional(Name),
      driver: z.optional(Name),
      type: z.optional(Name),
    }),
    set: z.record(FactKey, z.union([Name, z.number(), z.boolean(), z.array(Name)])),
  })
);
export type OperatorFact = z.infer<typeof OperatorFact>;

/** A file of declared facts, which cannot be read from the host. */
export const OperatorFacts = z.lazy(() =>
  z.strictObject({ schema: z.literal(FACTS_SCHEMA), facts: z.array(OperatorFact) })
);
export type OperatorFacts = z.infer<typeof OperatorFacts>;
