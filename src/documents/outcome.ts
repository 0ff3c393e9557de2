import * as z from "zod/mini";
import { Host, Identity } from "./identity.ts";
import type { Known } from "./known.ts";
import { EVIDENCE, VERDICTS } from "./offer.ts";
import { Problem } from "./problem.ts";
import { type DocumentKind, readDocument } from "./read_document.ts";
import { readAs } from "./read_as.ts";
import { OUTCOME_SCHEMA, OUTCOMES_SCHEMA } from "./schemas.ts";
import { Count, Name, Text } from "./text.ts";
import { DEVICE_KINDS } from "./type_name.ts";

/** What became of a migration. */
export const OUTCOME_RESULTS = ["ok", "failed"] as const;
export type OutcomeResult = (typeof OUTCOME_RESULTS)[number];

/** Why a migration failed: the device's driver or QEMU's code for VFIO refused, or something else did. */
export const OUTCOME_CAUSES = ["device", "other"] as const;
export type OutcomeCause = (typeof OUTCOME_CAUSES)[number];

/** Who reported it: a person or a program, the hook of libvirt, or an import from another host. */
export const OUTCOME_ORIGINS = ["operator", "hook", "import"] as const;
export type OutcomeOrigin = (typeof OUTCOME_ORIGINS)[number];

/** The longest message of libvirt or QEMU that is kept, in characters. */
export const MAX_OUTCOME_MESSAGE = 4096;

/** The most outcomes of one document. */
export const MAX_OUTCOMES = 10_000;

/** A point in time in UTC. */
const Instant = z.lazy(() =>
  z.string().check(
    z.maxLength(40),
    z.regex(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
      "Invalid input: expected a time such as 2026-01-31T12:00:00.000Z",
    ),
  )
);

/** The build of a driver, as far as the kernel shows it. */
const Build = z.lazy(() =>
  z.looseObject({
    name: Name,
    version: z.nullable(Text),
    srcversion: z.nullable(Text),
  })
);

/** What the result of a migration depends on, on one side. Null means unknown. */
const keyed = () => ({
  kernel: Name,
  kind: z.enum(DEVICE_KINDS),
  type: Name,
  deviceApi: z.nullable(Name),
  driver: z.nullable(Build),
  /** The driver of the parent device; null if there is none, missing if unknown. */
  parentDriver: z.optional(z.nullable(Build)),
  /** What the device declares: firmware, PSID and others. */
  facts: z.record(Name, z.unknown()),
  /** The version of QEMU that ran the machine on this side. */
  qemu: z.nullable(Name),
  /** The machine type with its version. It is that of the source on both sides. */
  machineType: z.nullable(Name),
});

/** The builds of one side, without its names. */
export const OutcomeBuilds = z.lazy(() => z.looseObject(keyed()));
export type OutcomeBuilds = Known<z.infer<typeof OutcomeBuilds>>;

/** One side of a migration: the device, and what the result depends on. */
export const OutcomeSide = z.lazy(() => z.looseObject({ host: Name, id: Name, ...keyed() }));
export type OutcomeSide = Known<z.infer<typeof OutcomeSide>>;

/** What an answer said about a pair before its migration. */
export const Prediction = z.lazy(() =>
  z.looseObject({
    verdict: z.enum(VERDICTS),
    evidence: z.nullable(z.enum(EVIDENCE)),
  })
);
export type Prediction = Known<z.infer<typeof Prediction>>;

/** What became of one device's migration from one host to another. */
export const Outcome = z.lazy(() =>
  z.looseObject({
    schema: z.literal(OUTCOME_SCHEMA),
    /** When it was reported. */
    at: Instant,
    result: z.enum(OUTCOME_RESULTS),
    /** Why it failed; null if that is unknown, and if it did not fail. */
    cause: z.nullable(z.enum(OUTCOME_CAUSES)),
    /** What libvirt or QEMU said. */
    message: z.nullable(z.string().check(z.maxLength(MAX_OUTCOME_MESSAGE))),
    source: OutcomeSide,
    target: OutcomeSide,
    /** Null if nobody asked. */
    predicted: z.nullable(Prediction),
    /** The virtual machine; null if unknown. */
    vm: z.nullable(Name),
    origin: z.enum(OUTCOME_ORIGINS),
  }).check(
    z.refine(({ result, cause }) => result === "failed" || cause === null, {
      path: ["cause"],
      error: "Invalid input: expected null for a migration that did not fail",
    }),
  )
);
export type Outcome = Known<z.infer<typeof Outcome>>;

/** The longest message that is read. Only a part of it is kept. */
const MAX_MESSAGE_READ = 1 << 20;

/** What is reported about a migration to a device of this host, which makes an outcome of it. */
export const OutcomeReport = z.lazy(() =>
  z.looseObject({
    source: Identity,
    /** The name of the device of this host that was the target. */
    target: Name,
    result: z.enum(OUTCOME_RESULTS),
    /** Null if it is unknown. If it is missing, it follows from the message. */
    cause: z.optional(z.nullable(z.enum(OUTCOME_CAUSES))),
    message: z.optional(z.nullable(z.string().check(z.maxLength(MAX_MESSAGE_READ)))),
    vm: z.optional(z.nullable(Name)),
    /** What an answer said before. If it is missing, this host asks itself now; null if nobody asked. */
    predicted: z.optional(z.nullable(Prediction)),
    /** `operator` by default. */
    origin: z.optional(z.enum(OUTCOME_ORIGINS)),
  })
);
export type OutcomeReport = Known<z.infer<typeof OutcomeReport>>;

/** All outcomes that a host knows, oldest first. */
export const Outcomes = z.lazy(() =>
  z.looseObject({
    schema: z.literal(OUTCOMES_SCHEMA),
    host: Host,
    outcomes: z.array(Outcome).check(z.maxLength(MAX_OUTCOMES)),
    /** What could not be read of the ledger. */
    problems: z.optional(z.array(Problem)),
  })
);
export type Outcomes = Known<z.infer<typeof Outcomes>>;

/** How often something happened, and when it did last; null if it never did. */
const Times = z.lazy(() => z.looseObject({ count: Count, last: z.nullable(Instant) }));

/** What became of all migrations between two builds: a snapshot has one for each pair that its host could be a part of. */
export const OutcomeTally = z.lazy(() =>
  z.looseObject({
    source: OutcomeBuilds,
    target: OutcomeBuilds,
    ok: Times,
    /** Failed, because the device's driver or QEMU's code for VFIO refused. */
    device: Times,
    /** Failed for another reason, or for an unknown one. */
    other: Times,
  })
);
export type OutcomeTally = Known<z.infer<typeof OutcomeTally>>;

const OUTCOME_DOCUMENT: DocumentKind<Outcome> = {
  name: "outcome",
  schema: OUTCOME_SCHEMA,
  read: (document, base) => readAs(Outcome, document, base),
  remedy: `Give a document of schema ${OUTCOME_SCHEMA}, as vfio-ask outcome --json prints it.`,
};

const OUTCOMES_DOCUMENT: DocumentKind<Outcomes> = {
  name: "outcomes",
  schema: OUTCOMES_SCHEMA,
  read: (document, base) => readAs(Outcomes, document, base),
  remedy: `Give a document of schema ${OUTCOMES_SCHEMA}, as vfio-ask outcomes --export prints it.`,
};

/** Reads an outcome; see {@link readDocument}. */
export function readOutcome(document: unknown, base: readonly PropertyKey[] = []): Outcome {
  return readDocument(OUTCOME_DOCUMENT, document, base);
}

/** Reads exported outcomes; see {@link readDocument}. */
export function readOutcomes(document: unknown, base: readonly PropertyKey[] = []): Outcomes {
  return readDocument(OUTCOMES_DOCUMENT, document, base);
}
