import * as z from "zod/mini";
import { codeField } from "./code.ts";
import type { Known } from "./known.ts";
import type { ReasonCode } from "./reason_codes.ts";
import { RULES_SCHEMA } from "./schemas.ts";
import { NO_CONTROLS } from "./text.ts";
import { DEVICE_KINDS } from "./type_name.ts";

const Value = z.lazy(() => z.string().check(z.maxLength(2048), NO_CONTROLS()));
const Text = z.lazy(() => z.string().check(z.minLength(1), z.maxLength(2048), NO_CONTROLS()));
/** Stable and in CamelCase: one of ours, or the rule's own. */
const Code = z.lazy(() =>
  codeField<ReasonCode>(z.string().check(z.regex(/^[A-Z][A-Za-z0-9]{2,63}$/)))
);
const Texts = z.lazy(() => z.union([Text, z.array(Text).check(z.minLength(1))]));

/**
 * A declared fact by name: a key of `facts`, or one of the few other places that may be compared. An opaque
 * version, initial data and what else only a driver understands are not among them.
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
        ? `${issue.input} is opaque: rules never look inside; hand it to the driver by a test`
        : `no such fact; write a key of facts in camelCase, or one of ${FACT_PATHS.join(", ")}`,
  }))
);

function isFactName(name: string): boolean {
  if ((FACT_PATHS as readonly string[]).includes(name)) return true;
  return /^(host\.facts\.)?[a-z][A-Za-z0-9]*$/.test(name) &&
    !["version", "initialData"].includes(name);
}

/** What becomes of a target for which a condition does not hold. */
export const OTHERWISE = ["refuse", "unknown", "warn", "unavailable"] as const;

/** What a condition may demand of facts. */
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
 * - `equal`: the host's fact is the source's, or `value` where that is given.
 * - `atLeast`, `atMost`: the host's number is no less, or no more, than the source's; or the number at `side` than
 *   `value`. Numbers are whole, and may be texts with a unit (`8 GiB`).
 * - `superset`: the host's set holds the source's; sets are lists of texts, or bit masks as numbers or `0x…`.
 * - `version`: the fact at `side` lies in `range`, in which `{source}` stands for the source's.
 * - `in`: the fact at `side` is one of `values`.
 * - `shown`: nothing is demanded; both values are told side by side.
 *
 * `otherwise` says what becomes of a target for which it does not hold, `missing` of one for which a fact is
 * not known on either side. `weight` says how much it counts among unknown offers where that leaves the verdict unknown.
 */
export const Condition = z.lazy(() =>
  z.looseObject({
    fact: FactName,
    /** The host's fact, where it has another name than the source's. */
    hostFact: z.optional(FactName),
    op: z.enum(OPERATIONS),
    side: z.optional(z.enum(["source", "host"])),
    value: z.optional(z.union([Value, z.number(), z.boolean(), z.array(Value)])),
    values: z.optional(z.array(z.union([Value, z.number()])).check(z.minLength(1))),
    range: z.optional(Text),
    otherwise: z.optional(z.enum(OTHERWISE)),
    missing: z.optional(z.enum(["refuse", "unknown", "warn", "pass"])),
    /** 1 where it is left out. */
    weight: z.optional(z.number().check(z.int(), z.gte(1), z.lte(100))),
    code: z.optional(Code),
    /** For a person; `{source}` and `{host}` stand for both values. The vendor's name is put before it. */
    sentence: z.optional(Text),
    /** The kernel check that stands behind it, and the errno that it gives. */
    check: z.optional(z.looseObject({ step: Text, errno: z.nullable(Text) })),
  })
);
export type Condition = Known<z.infer<typeof Condition>>;

/**
 * Which sources or targets a rule speaks of. A type is a name with `*` for anything and `{name}` for anything
 * that the other side repeats; `{n}` stands for a number where `instances` uses it.
 */
export const Selector = z.lazy(() =>
  z.looseObject({
    driver: z.optional(Texts),
    type: z.optional(Texts),
    kind: z.optional(z.union([z.enum(DEVICE_KINDS), z.array(z.enum(DEVICE_KINDS))])),
    /** Facts called traits, all of which must be there. */
    traits: z.optional(z.array(Text)),
  })
);
export type Selector = Known<z.infer<typeof Selector>>;

/** One accepted, refused or undecided kind of target. */
export const RuleTarget = z.lazy(() =>
  z.looseObject({
    driver: z.optional(Texts),
    /** The source's own where it is left out. */
    type: z.optional(Texts),
    configuration: z.optional(z.enum(["device", "mdev-type", "vgpu-type"])),
    kind: z.optional(z.union([z.enum(DEVICE_KINDS), z.array(z.enum(DEVICE_KINDS))])),
    traits: z.optional(z.array(Text)),
    /** How many instances of the target's type stand for one of the source's. */
    instances: z.optional(z.union([
      z.number().check(z.int(), z.gte(1), z.lte(1024)),
      z.string().check(z.regex(/^\{[a-z]\w*\}$/)),
    ])),
    verdict: z.enum(["compatible", "unknown", "incompatible"]),
    /** It speaks only of pairs for which all of these hold. */
    when: z.optional(z.array(Condition)),
    /** What it demands of the pairs that it speaks of. */
    require: z.optional(z.array(Condition)),
    /** What an operator must know of every such pair, whatever facts say. */
    warnings: z.optional(z.array(z.looseObject({ code: Code, sentence: Text }))),
    code: z.optional(Code),
    sentence: Text,
    check: z.optional(z.looseObject({ step: Text, errno: z.nullable(Text) })),
  })
);
export type RuleTarget = Known<z.infer<typeof RuleTarget>>;

/** For some sources, the targets that a vendor or an operator has a word on, best first. */
export const Rule = z.lazy(() =>
  z.looseObject({
    name: Text,
    for: Selector,
    targets: z.array(RuleTarget).check(z.minLength(1)),
  })
);
export type Rule = Known<z.infer<typeof Rule>>;

/** How the types of one parent share what it has. */
export const SHARING = ["shared", "one-type", "independent"] as const;
export type Sharing = (typeof SHARING)[number];

/**
 * How far a driver goes in the write of initial data: it looks at `nothing` yet, at a `header`, at the `setup` of the
 * device, or loads the `state` itself.
 */
export const TEST_DEPTHS = ["nothing", "header", "setup", "state"] as const;
export type TestDepth = (typeof TEST_DEPTHS)[number];

/** What is declared of a test through a driver: how far it goes, and what the driver compares, for a person. */
export const DeclaredTest = z.lazy(() =>
  z.looseObject({ driver: Texts, depth: z.enum(TEST_DEPTHS), compares: z.optional(Text) })
);
export type DeclaredTest = Known<z.infer<typeof DeclaredTest>>;

/** A file of rules: one vendor's, or an operator's own. */
export const RulesDocument = z.lazy(() =>
  z.looseObject({
    schema: z.literal(RULES_SCHEMA),
    vendor: Text,
    /** Where it is written: files of the kernel, pages of the vendor. */
    references: z.optional(z.array(Text)),
    /** How types of a parent under these drivers share it; `shared` where nobody says otherwise. */
    parents: z.optional(z.array(z.looseObject({ driver: Texts, sharing: z.enum(SHARING) }))),
    /** How far tests through these drivers go; the first file that names a driver decides. */
    tests: z.optional(z.array(DeclaredTest)),
    rules: z.array(Rule),
  })
);
export type RulesDocument = Known<z.infer<typeof RulesDocument>>;

/** A file of rules that is in force on a host. */
export const RulesFile = z.lazy(() =>
  z.looseObject({
    /** Its name, by which a file in a directory of higher standing takes its place: `qat.json`. */
    name: Text,
    /** Where it was read, or `shipped` for what came with the program. */
    path: Text,
    document: RulesDocument,
  })
);
export type RulesFile = Known<z.infer<typeof RulesFile>>;
