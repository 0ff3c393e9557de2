import * as z from "zod/mini";
import { codeField } from "./code.ts";
import type { Known } from "./known.ts";
import { Host } from "./identity.ts";
import { Check } from "./migration.ts";
import { Need } from "./need.ts";
import { Problem } from "./problem.ts";
import type { CodeOf, ReasonCode } from "./reason_codes.ts";
import { ANSWER_SCHEMA } from "./schemas.ts";

/** Something that a host can offer as a target: a device that is there, or a type that can be made. */
export const Configuration = z.lazy(() =>
  z.looseObject({
    kind: z.enum(["device", "mdev-type", "vgpu-type"]),
    type: z.string(),
    /** Of a device: its name in sysfs. */
    id: z.optional(z.string()),
    /** Of a type: the device that it is made on. */
    parent: z.optional(z.string()),
    /** Of a type: how many instances it takes, where it is more than one. */
    instances: z.optional(z.number()),
  })
);
export type Configuration = Known<z.infer<typeof Configuration>>;

/**
 * Why something was judged as it was: a stable code for programs, a sentence for a person that starts
 * with the vendor or driver, both values, and the kernel check behind it, where there is one.
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

/** Why an offer is believed, strongest first. The same type alone is no evidence. */
export const EVIDENCE = ["driver-tested", "attribute-tested", "vendor-rule"] as const;
export type Evidence = (typeof EVIDENCE)[number];

export const VERDICTS = ["compatible", "incompatible", "unknown"] as const;
export type Verdict = (typeof VERDICTS)[number];

/**
 * Whether a configuration can be had now, and how many: apart from whether it would fit. Of a type, `instances` are
 * free, `inUse` are in use, `idle` are taken by devices that nobody uses; `toFree` are the types of the same
 * parent whose instances stand in the way.
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
 * How to make the configuration: the sysfs attribute to write to, and the command line. `attributes` are what is
 * written to files of the new device afterwards, in this order.
 */
export const Create = z.lazy(() =>
  z.looseObject({
    sysfs: z.string(),
    command: z.optional(z.string()),
    attributes: z.optional(z.array(z.looseObject({ name: z.string(), value: z.string() }))),
  })
);

export type Create = Known<z.infer<typeof Create>>;

/** A rule, by its file and its name there. */
const RuleName = z.lazy(() => z.looseObject({ file: z.string(), name: z.string() }));

/** A configuration that fits, or may: best first by `rank`, which starts at 1. */
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
    /** The rule that had a word on it. */
    rule: z.nullable(RuleName),
    /** What its rank came from, in the order in which offers are compared. */
    order: z.record(z.string(), z.unknown()),
  })
);
export type Offer = Known<z.infer<typeof Offer>>;

/**
 * Configurations of one kind and type, by name: devices by `ids`, types by the `parents` that they are made on. Of a great
 * many not all are named; `count` says how many there are.
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

/** A configuration that does not fit, with all its reasons; grouped, it stands for `others` that do not for the same ones. */
export const Refusal = z.lazy(() =>
  z.looseObject({
    configuration: Configuration,
    /** How many configurations it stands for, itself included; left out where it stands for itself alone. */
    count: z.optional(z.number()),
    others: z.optional(z.array(Others)),
    verdict: z.literal("incompatible"),
    /** Who refused it: a driver, a version attribute or a rule; null where a check did. */
    evidence: z.nullable(z.enum(EVIDENCE)),
    availability: Availability,
    reasons: z.array(Reason),
    warnings: z.array(Reason),
    rule: z.nullable(RuleName),
  })
);
export type Refusal = Known<z.infer<typeof Refusal>>;

/**
 * How refusals are told: not at all; those for the same reasons together; or each by itself.
 */
export const REFUSALS_MODES = ["none", "grouped", "each"] as const;
export type RefusalsMode = (typeof REFUSALS_MODES)[number];

/** The answer to one source: offers best first, and the rest with their reasons. */
export const Answer = z.lazy(() =>
  z.looseObject({
    schema: z.literal(ANSWER_SCHEMA),
    snapshot: z.number(),
    takenAt: z.string(),
    host: Host,
    source: z.looseObject({ id: z.string(), type: z.string(), description: z.string() }),
    /** What holds of the host as a whole. */
    reasons: z.array(Reason),
    /** Whether drivers were asked: `not-asked`, `made`, or `offline`, where they cannot be. */
    preflight: z.enum(["not-asked", "made", "offline"]),
    /** How many offers of unknown verdict were left out because that was wanted. */
    omitted: z.number(),
    /** How many offers there are; `offers` has the best of them where fewer are wanted. */
    offered: z.number(),
    /** How many configurations are refused, whether `refusals` tells all, some or none of them. */
    refused: z.number(),
    /** What the virtual machine monitor refuses too, and is not to be seen from here: the same in every answer. */
    notSeen: z.array(
      z.looseObject({ code: codeField<CodeOf<"notSeen", "tell">>(), sentence: z.string() }),
    ),
    offers: z.array(Offer),
    refusals: z.array(Refusal),
    problems: z.array(Problem),
  })
);
export type Answer = Known<z.infer<typeof Answer>>;
