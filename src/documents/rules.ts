import * as z from "zod/mini";
import { codeField } from "./code.ts";
import type { Known } from "./known.ts";
import type { ReasonCode } from "./reason_codes.ts";
import { RULES_SCHEMA } from "./schemas.ts";
import { NO_CONTROLS } from "./text.ts";
import { DEVICE_KINDS } from "./type_name.ts";

const Value = z.lazy(() => z.string().check(z.maxLength(2048), NO_CONTROLS()));
const Text = z.lazy(() => z.string().check(z.minLength(1), z.maxLength(2048), NO_CONTROLS()));
/** A stable code in CamelCase: one of the tables, or the rule's own. */
const Code = z.lazy(() =>
  codeField<ReasonCode>(z.string().check(z.regex(/^[A-Z][A-Za-z0-9]{2,63}$/)))
);
const Texts = z.lazy(() => z.union([Text, z.array(Text).check(z.minLength(1))]));

/**
 * The fields besides keys of `facts` that a rule may compare as facts. Values that only a driver understands, such as
 * an opaque version or initial data, are not among them.
 */
export const FACT_PATHS = [
  "driver.name",
  "driver.version",
  "driver.srcversion",
  "parentDriver.name",
  "parentDriver.version",
  "parentDriver.srcversion",
  "deviceApi",
  "kind",
  "host.kernel",
  "migration.uapi",
  "migration.features",
  "pciConfig.vendor",
  "pciConfig.device",
  "pciConfig.revision",
  "pciConfig.class",
  "pciConfig.subsystem",
] as const;

const FactName = z.lazy(() =>
  z.string().check(z.refine(isFactName, {
    error: (issue) =>
      /^(version|initialData)\b/.test(String(issue.input))
        ? `${issue.input} is opaque and rules cannot compare it; let a driver test decide instead`
        : `unknown fact; use a camelCase key of facts, or one of ${FACT_PATHS.join(", ")}`,
  }))
);

function isFactName(name: string): boolean {
  if ((FACT_PATHS as readonly string[]).includes(name)) return true;
  return /^(host\.facts\.)?[a-z][A-Za-z0-9]*$/.test(name) &&
    !["version", "initialData"].includes(name);
}

/** The effect on a target that does not meet a condition. */
export const OTHERWISE = ["refuse", "unknown", "warn", "unavailable"] as const;

/** The operations of conditions on facts. */
export const OPERATIONS = [
  "equal",
  "atLeast",
  "atMost",
  "superset",
  "version",
  "in",
  "shown",
] as const;

/**
 * One condition on declared facts.
 *
 * - `equal`: the host's fact equals the source's, or `value` if given.
 * - `atLeast`, `atMost`: the host's number is at least, or at most, the source's; or the number at `side` is at least,
 *   or at most, `value`. Numbers are whole and may be texts with a unit (`8 GiB`).
 * - `superset`: the host's set contains the source's. Sets are lists of texts, or bit masks as numbers or `0x…`.
 * - `version`: the fact at `side` is in `range`, where `{source}` stands for the source's.
 * - `in`: the fact at `side` is one of `values`.
 * - `shown`: no demand; both values are reported.
 *
 * `otherwise` is the effect if the condition does not hold, `missing` the effect if a fact is unknown on either side.
 * `weight` is the weight of the condition in the order of unknown offers, if it leaves the verdict unknown.
 */
export const Condition = z.lazy(() =>
  z.looseObject({
    fact: FactName,
    /** The host's fact, if its name differs from the source's. */
    hostFact: z.optional(FactName),
    op: z.enum(OPERATIONS),
    side: z.optional(z.enum(["source", "host"])),
    value: z.optional(z.union([Value, z.number(), z.boolean(), z.array(Value)])),
    values: z.optional(z.array(z.union([Value, z.number()])).check(z.minLength(1))),
    range: z.optional(Text),
    otherwise: z.optional(z.enum(OTHERWISE)),
    missing: z.optional(z.enum(["refuse", "unknown", "warn", "pass"])),
    /** 1 by default. */
    weight: z.optional(z.number().check(z.int(), z.gte(1), z.lte(100))),
    code: z.optional(Code),
    /** For people. `{source}` and `{host}` stand for the values. The vendor's name is added in front. */
    sentence: z.optional(Text),
    /** The kernel check behind the condition, and its errno. */
    check: z.optional(z.looseObject({ step: Text, errno: z.nullable(Text) })),
  })
);
export type Condition = Known<z.infer<typeof Condition>>;

/**
 * The sources or targets that a rule applies to. A type is a name in which `*` matches anything, and `{name}` matches
 * anything that is the same on both sides. `{n}` stands for a number if `instances` uses it.
 */
export const Selector = z.lazy(() =>
  z.looseObject({
    driver: z.optional(Texts),
    type: z.optional(Texts),
    kind: z.optional(z.union([z.enum(DEVICE_KINDS), z.array(z.enum(DEVICE_KINDS))])),
    /** Traits (a fact) that must all be present. */
    traits: z.optional(z.array(Text)),
  })
);
export type Selector = Known<z.infer<typeof Selector>>;

/** A kind of target that a rule accepts, refuses or leaves undecided. */
export const RuleTarget = z.lazy(() =>
  z.looseObject({
    driver: z.optional(Texts),
    /** The source's own by default. */
    type: z.optional(Texts),
    configuration: z.optional(z.enum(["device", "mdev-type", "vgpu-type"])),
    kind: z.optional(z.union([z.enum(DEVICE_KINDS), z.array(z.enum(DEVICE_KINDS))])),
    traits: z.optional(z.array(Text)),
    /** The number of instances of the target's type that replace one of the source's. */
    instances: z.optional(z.union([
      z.number().check(z.int(), z.gte(1), z.lte(1024)),
      z.string().check(z.regex(/^\{[a-z]\w*\}$/)),
    ])),
    verdict: z.enum(["compatible", "unknown", "incompatible"]),
    /** The target applies only to pairs that meet all of these. */
    when: z.optional(z.array(Condition)),
    /** What the pairs must meet. */
    require: z.optional(z.array(Condition)),
    /** What an operator must know about every such pair, independent of facts. */
    warnings: z.optional(z.array(z.looseObject({ code: Code, sentence: Text }))),
    code: z.optional(Code),
    sentence: Text,
    check: z.optional(z.looseObject({ step: Text, errno: z.nullable(Text) })),
  })
);
export type RuleTarget = Known<z.infer<typeof RuleTarget>>;

/** A rule: some sources, and the targets that a vendor or an operator accepts or refuses for them, best first. */
export const Rule = z.lazy(() =>
  z.looseObject({
    name: Text,
    for: Selector,
    targets: z.array(RuleTarget).check(z.minLength(1)),
  })
);
export type Rule = Known<z.infer<typeof Rule>>;

/** How the types of one parent share it. */
export const SHARING = ["shared", "one-type", "independent"] as const;
export type Sharing = (typeof SHARING)[number];

/**
 * How far a driver goes during the write of initial data: it checks `nothing`, a `header` or the `setup` of the device,
 * or it loads the `state` itself.
 */
export const TEST_DEPTHS = ["nothing", "header", "setup", "state"] as const;
export type TestDepth = (typeof TEST_DEPTHS)[number];

/** A declaration about tests of a driver: how far they go, and for people, what the driver compares. */
export const DeclaredTest = z.lazy(() =>
  z.looseObject({ driver: Texts, depth: z.enum(TEST_DEPTHS), compares: z.optional(Text) })
);
export type DeclaredTest = Known<z.infer<typeof DeclaredTest>>;

/** A rules file, of one vendor or of an operator. */
export const RulesDocument = z.lazy(() =>
  z.looseObject({
    schema: z.literal(RULES_SCHEMA),
    vendor: Text,
    /** The sources of the rules: files of the kernel, pages of the vendor. */
    references: z.optional(z.array(Text)),
    /** How the types of a parent with these drivers share it; `shared` by default. */
    parents: z.optional(z.array(z.looseObject({ driver: Texts, sharing: z.enum(SHARING) }))),
    /** How far tests of these drivers go. The first file that names a driver decides. */
    tests: z.optional(z.array(DeclaredTest)),
    rules: z.array(Rule),
  })
);
export type RulesDocument = Known<z.infer<typeof RulesDocument>>;

/** A rules file in force on a host. */
export const RulesFile = z.lazy(() =>
  z.looseObject({
    /** Its name: `qat.json`. A file of the same name in an earlier directory replaces it. */
    name: Text,
    /** Its path, or `shipped` for the program's own files. */
    path: Text,
    document: RulesDocument,
  })
);
export type RulesFile = Known<z.infer<typeof RulesFile>>;
