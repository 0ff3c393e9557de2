import * as z from "zod/mini";
import { codeField } from "./code.ts";
import type { Known } from "./known.ts";
import { Host } from "./identity.ts";
import { Check } from "./migration.ts";
import { Need } from "./need.ts";
import { Problem } from "./problem.ts";
import type { CodeOf, ReasonCode } from "./reason_codes.ts";
import { ANSWER_SCHEMA, END_SCHEMA } from "./schemas.ts";

/** A possible target on a host: an existing device, or a type to create a device of. */
export const Configuration = z.lazy(() =>
  z.looseObject({
    kind: z.enum(["device", "mdev-type", "vgpu-type"]),
    type: z.string(),
    /** For a device: its name in sysfs. */
    id: z.optional(z.string()),
    /** For a type: its parent device. */
    parent: z.optional(z.string()),
    /** For a type: the number of instances needed, if more than one. */
    instances: z.optional(z.number()),
  })
);
export type Configuration = Known<z.infer<typeof Configuration>>;

/**
 * The reason of a judgement: a stable code for programs, a sentence for people that starts with the vendor or driver,
 * both values, and the kernel check behind it, if any.
 */
export const Reason = z.lazy(() =>
  z.looseObject({
    code: codeField<ReasonCode>(),
    sentence: z.string(),
    source: z.nullable(z.string()),
    host: z.nullable(z.string()),
    check: z.optional(Check),
  })
);
export type Reason = Known<z.infer<typeof Reason>>;

/** The evidence of an offer, strongest first. The same type alone is not evidence. */
export const EVIDENCE = [
  "driver-tested",
  "attribute-tested",
  "migrated-before",
  "vendor-rule",
] as const;
export type Evidence = (typeof EVIDENCE)[number];

export const VERDICTS = ["compatible", "incompatible", "unknown"] as const;
export type Verdict = (typeof VERDICTS)[number];

/**
 * Whether a configuration is available now, and how many instances. It does not depend on compatibility. For a type,
 * `instances` are free, `inUse` are in use, and `idle` are taken by unused devices. `toFree` are the types of the same
 * parent whose instances must be removed first.
 */
export const Availability = z.lazy(() =>
  z.looseObject({
    now: z.boolean(),
    instances: z.nullable(z.number()),
    inUse: z.optional(z.number()),
    idle: z.optional(z.number()),
    toFree: z.optional(z.array(z.looseObject({ type: z.string(), instances: z.number() }))),
    reason: z.optional(z.string()),
  })
);
export type Availability = Known<z.infer<typeof Availability>>;

/**
 * How to create the configuration: the sysfs attribute to write to, and the command line. `attributes` are then written
 * to files of the new device, in this order.
 */
export const Create = z.lazy(() =>
  z.looseObject({
    sysfs: z.string(),
    command: z.optional(z.string()),
    attributes: z.optional(z.array(z.looseObject({ name: z.string(), value: z.string() }))),
  })
);

export type Create = Known<z.infer<typeof Create>>;

/** A rule, by file and name. */
const RuleName = z.lazy(() => z.looseObject({ file: z.string(), name: z.string() }));

/** A configuration that is or may be compatible. `rank` starts at 1, the best. */
export const Offer = z.lazy(() =>
  z.looseObject({
    rank: z.number(),
    configuration: Configuration,
    verdict: z.enum(["compatible", "unknown"]),
    evidence: z.nullable(z.enum(EVIDENCE)),
    /** What the virtual machine monitors must be started with, or they refuse. */
    needs: z.array(Need),
    availability: Availability,
    reasons: z.array(Reason),
    warnings: z.array(Reason),
    create: z.nullable(Create),
    /** The rule that applies to it. */
    rule: z.nullable(RuleName),
    /** The values that decided its rank, in the order of comparison. */
    order: z.record(z.string(), z.unknown()),
  })
);
export type Offer = Known<z.infer<typeof Offer>>;

/**
 * Configurations of one kind and type, by name: devices by `ids`, types by `parents`. `count` is their number. If there
 * are very many, not all are named.
 */
export const Others = z.lazy(() =>
  z.looseObject({
    kind: z.enum(["device", "mdev-type", "vgpu-type"]),
    type: z.string(),
    count: z.number(),
    ids: z.optional(z.array(z.string())),
    parents: z.optional(z.array(z.string())),
  })
);
export type Others = Known<z.infer<typeof Others>>;

/** An incompatible configuration with all reasons. A grouped refusal also represents `others` with the same reasons. */
export const Refusal = z.lazy(() =>
  z.looseObject({
    configuration: Configuration,
    /** The number of configurations that it represents, including itself; missing if it is only itself. */
    count: z.optional(z.number()),
    others: z.optional(z.array(Others)),
    verdict: z.literal("incompatible"),
    /** Who refused it: a driver, a version attribute or a rule; null for a check. */
    evidence: z.nullable(z.enum(EVIDENCE)),
    availability: Availability,
    reasons: z.array(Reason),
    warnings: z.array(Reason),
    rule: z.nullable(RuleName),
  })
);
export type Refusal = Known<z.infer<typeof Refusal>>;

/** How refusals are listed: not at all, grouped by the same reasons, or one by one. */
export const REFUSALS_MODES = ["none", "grouped", "each"] as const;
export type RefusalsMode = (typeof REFUSALS_MODES)[number];

/** The answer to one source: offers, best first, and refusals with their reasons. */
export const Answer = z.lazy(() =>
  z.looseObject({
    schema: z.literal(ANSWER_SCHEMA),
    snapshot: z.number(),
    takenAt: z.string(),
    host: Host,
    source: z.looseObject({ id: z.string(), type: z.string(), description: z.string() }),
    /** Reasons that apply to the whole host. */
    reasons: z.array(Reason),
    /** Whether drivers were tested: `not-asked`, `made`, or `offline` if they cannot be. */
    preflight: z.enum(["not-asked", "made", "offline"]),
    /** The number of offers of unknown verdict that were left out on request. */
    omitted: z.number(),
    /** The number of offers. `offers` has only the best of them if fewer were requested. */
    offered: z.number(),
    /** The number of refused configurations, even if `refusals` does not list all. */
    refused: z.number(),
    /** What the virtual machine monitor also refuses but this host cannot see: the same in every answer. */
    notSeen: z.array(
      z.looseObject({ code: codeField<CodeOf<"notSeen", "tell">>(), sentence: z.string() }),
    ),
    offers: z.array(Offer),
    refusals: z.array(Refusal),
    problems: z.array(Problem),
  })
);
export type Answer = Known<z.infer<typeof Answer>>;

/**
 * The last line of an answer as NDJSON over HTTP: whether the lines before are the whole answer, and what the document of
 * the answer says besides offers and refusals.
 */
export const End = z.lazy(() =>
  z.looseObject({
    schema: z.literal(END_SCHEMA),
    complete: z.boolean(),
    /** Why the answer is not complete; null if it is. */
    reason: z.nullable(z.string()),
    snapshot: z.number(),
    takenAt: z.string(),
    source: z.looseObject({ id: z.string(), type: z.string(), description: z.string() }),
    preflight: z.enum(["not-asked", "made", "offline"]),
    /** The number of all offers and refused configurations, even if not all are listed; if not complete, of lines. */
    offered: z.number(),
    omitted: z.number(),
    refused: z.number(),
    reasons: z.array(Reason),
    notSeen: z.array(
      z.looseObject({ code: codeField<CodeOf<"notSeen", "tell">>(), sentence: z.string() }),
    ),
    problems: z.array(Problem),
  })
);
export type End = Known<z.infer<typeof End>>;
