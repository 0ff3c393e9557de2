import * as z from "zod/mini";
import {
  FoundMachines,
  Holder,
  type Known,
  MIGRATION_STATES,
  Outcome,
  Problem,
  readAs,
} from "../documents/mod.ts";
import { WorkerResult, WorkerTask } from "../tasks/mod.ts";

/**
 * A request of the server to the worker service: one JSON line. Each is answered by one line with its number; an
 * `unlock` also. `lock` is answered when the lock is held, or when another vfio-ask kept it for too long.
 */
export const AccessRequest = z.looseObject({
  id: z.number(),
  ask: z.discriminatedUnion("for", [
    z.looseObject({ for: z.literal("holders") }),
    z.looseObject({ for: z.literal("states"), ids: z.array(z.string()) }),
    // The XML of one machine at most, and only XML without secrets.
    z.looseObject({ for: z.literal("machines"), xmlOf: z.nullable(z.string()) }),
    z.looseObject({ for: z.literal("runnable"), pid: z.number() }),
    z.looseObject({ for: z.literal("lock") }),
    z.looseObject({ for: z.literal("unlock") }),
    z.looseObject({ for: z.literal("save") }),
    z.looseObject({ for: z.literal("record"), outcome: Outcome }),
    z.looseObject({ for: z.literal("task"), task: WorkerTask }),
  ]),
});
export type AccessRequest = Known<z.infer<typeof AccessRequest>>;

/** The answer to a request, with its number. `error`: the request could not be done, or is not valid. */
export const AccessReply = z.lazy(() =>
  z.looseObject({
    id: z.number(),
    reply: z.discriminatedUnion("for", [
      z.looseObject({
        for: z.literal("holders"),
        byNode: z.array(z.tuple([z.string(), Holder])),
        complete: z.boolean(),
      }),
      z.looseObject({
        for: z.literal("states"),
        states: z.array(z.tuple([z.string(), z.enum(MIGRATION_STATES)])),
      }),
      z.looseObject({ for: z.literal("machines"), found: FoundMachines }),
      z.looseObject({ for: z.literal("runnable"), runnable: z.boolean() }),
      z.looseObject({ for: z.literal("lock"), locked: z.boolean() }),
      z.looseObject({ for: z.literal("unlock") }),
      z.looseObject({ for: z.literal("save"), problems: z.array(Problem) }),
      z.looseObject({ for: z.literal("record"), problems: z.array(Problem) }),
      z.looseObject({ for: z.literal("task"), result: WorkerResult }),
      z.looseObject({ for: z.literal("error"), sentence: z.string() }),
    ]),
  })
);
export type AccessReply = Known<z.infer<typeof AccessReply>>;

/** The reply to one kind of request. */
export type ReplyFor<K extends AccessRequest["ask"]["for"]> = Extract<
  AccessReply["reply"],
  { for: K }
>;

/** Parses a request or a reply; null for any other line. */
export function readLine<T>(schema: z.ZodMiniType<unknown>, line: string): T | null {
  try {
    return readAs<T>(schema as z.ZodMiniType<T>, JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
