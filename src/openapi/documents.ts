import * as z from "zod/mini";
import {
  Answer,
  ANSWERS_SCHEMA,
  Availability,
  Check,
  Configuration,
  CONFIGURATIONS_SCHEMA,
  Create,
  DeclaredTest,
  DEFINITIONS_SCHEMA,
  Device,
  DEVICE_SCHEMA,
  DEVICES_SCHEMA,
  DeviceType,
  Driver,
  DriverTest,
  EVIDENCE,
  HEALTH_SCHEMA,
  Host,
  Identity,
  InitialData,
  ListedMachine,
  Migration,
  MOVE_SCHEMA,
  Need,
  Offer,
  OFFERS_SCHEMA,
  Outcome,
  OutcomeBuilds,
  OutcomeReport,
  Outcomes,
  OutcomeSide,
  OutcomeTally,
  PciConfig,
  Prediction,
  Problem,
  PROBLEM_SCHEMA,
  READINESS_SCHEMA,
  Reason,
  Refusal,
  REFUSALS_SCHEMA,
  RULES_FILES_SCHEMA,
  RulesFile,
  SESSION_SCHEMA,
  SnapshotDocument,
  SUPPORTED_SCHEMA,
  TEST_SCHEMA,
  TYPES_SCHEMA,
  VERDICTS,
  Version,
  VirtualMachine,
  VMS_SCHEMA,
} from "../documents/mod.ts";
import { TestTarget } from "../tasks/mod.ts";

/** The snapshot that a document was made from. */
const ofSnapshot = { snapshot: z.number(), takenAt: z.string() };
const heading = { ...ofSnapshot, host: Host };
const problems = z.array(Problem);
const RuleName = z.looseObject({ file: z.string(), name: z.string() });
const Source = z.looseObject({ id: z.string(), type: z.string(), description: z.string() });
const NotSeen = z.looseObject({ code: z.string(), sentence: z.string() });
const Entries = { devices: Device, types: DeviceType, vms: ListedMachine };

/** A list of the host under its name. */
function listOf<T extends z.core.$ZodType>(schema: string, name: string, entry: T) {
  const list = { schema: z.literal(schema), ...heading, [name]: z.array(entry), problems };
  return z.looseObject(list);
}

const Candidate = z.looseObject({
  configuration: Configuration,
  availability: Availability,
  numaNode: z.nullable(z.number()),
  driver: z.nullable(Driver),
  parentDriver: z.nullable(Driver),
  facts: z.record(z.string(), z.unknown()),
  migration: Migration,
  create: z.nullable(Create),
  version: z.optional(z.nullable(Version)),
});

const Supported = z.looseObject({
  type: z.string(),
  driver: z.nullable(z.string()),
  target: z.string(),
  verdict: z.enum(["compatible", "unknown"]),
  by: z.enum(["same-type", "vendor-rule"]),
  rule: z.nullable(RuleName),
  configurations: z.number(),
  available: z.number(),
  instances: z.nullable(z.number()),
  conditions: z.array(z.string()),
});

const RulesFiles = z.looseObject({
  schema: z.literal(RULES_FILES_SCHEMA),
  files: z.array(z.looseObject({
    name: z.string(),
    path: z.string(),
    state: z.enum(["in-force", "masked", "masks", "refused"]),
    vendor: z.nullable(z.string()),
    rules: z.number(),
    errors: z.array(z.looseObject({ path: z.string(), reason: z.string() })),
  })),
});

const Session = z.looseObject({
  schema: z.literal(SESSION_SCHEMA),
  id: z.string(),
  ...heading,
  source: z.nullable(z.looseObject({ id: z.string(), type: z.string() })),
  offers: z.nullable(z.number()),
  refusals: z.nullable(z.number()),
  problems,
});

/** One part of the answer of a session. */
function partOf<T extends z.core.$ZodType>(
  { schema, count, name }: { schema: string; count: string; name: string },
  entry: T,
) {
  return z.looseObject({
    schema: z.literal(schema),
    ...heading,
    source: Source,
    [count]: z.number(),
    [name]: z.array(entry),
    notSeen: z.array(NotSeen),
    problems,
  });
}

const Definition = z.looseObject({
  uuid: z.string(),
  parent: z.string(),
  mdevctl: z.looseObject({
    mdev_type: z.string(),
    start: z.literal("manual"),
    attrs: z.array(z.record(z.string(), z.string())),
  }),
  nodedev: z.nullable(z.string()),
});

const Move = z.looseObject({
  schema: z.literal(MOVE_SCHEMA),
  plan: z.string(),
  verdict: z.enum(["compatible", "unknown"]),
  now: z.boolean(),
  vm: z.nullable(z.looseObject({ name: z.string(), uuid: z.nullable(z.string()) })),
  host: z.string(),
  to: z.string(),
  devices: z.array(
    z.looseObject({ source: z.string(), target: z.string(), make: z.boolean() }),
  ),
  xml: z.nullable(z.string()),
  definitions: z.array(Definition),
  commands: z.looseObject({ destination: z.array(z.string()), source: z.array(z.string()) }),
  file: z.nullable(z.string()),
  first: z.array(Reason),
  look: z.array(z.string()),
});

const Plan = z.looseObject({
  id: z.string(),
  rank: z.number(),
  verdict: z.enum(["compatible", "unknown"]),
  now: z.boolean(),
  placements: z.array(z.looseObject({
    source: z.string(),
    configuration: Configuration,
    offer: z.number(),
    verdict: z.enum(["compatible", "unknown"]),
    evidence: z.nullable(z.enum(EVIDENCE)),
    create: z.nullable(Create),
    target: z.string(),
  })),
  needs: z.array(Need),
  reasons: z.array(Reason),
  warnings: z.array(Reason),
});

const Answers = z.looseObject({
  schema: z.literal(ANSWERS_SCHEMA),
  ...heading,
  preflight: z.enum(["not-asked", "made", "offline"]),
  notSeen: z.array(NotSeen),
  answers: z.array(z.looseObject({
    source: Source,
    reasons: z.array(Reason),
    omitted: z.number(),
    offered: z.number(),
    offers: z.array(Offer),
    refused: z.number(),
    refusals: z.array(Refusal),
  })),
  together: z.looseObject({
    verdict: z.enum(VERDICTS),
    plans: z.array(Plan),
    blocking: z.array(z.looseObject({ source: z.string(), reasons: z.array(Reason) })),
  }),
  problems,
});

const Test = z.looseObject({
  schema: z.literal(TEST_SCHEMA),
  ...heading,
  source: z.string(),
  target: TestTarget,
  configuration: Configuration,
  verdict: z.enum(VERDICTS),
  evidence: z.nullable(z.enum(EVIDENCE)),
  availability: Availability,
  needs: z.optional(z.array(Need)),
  reasons: z.array(Reason),
  warnings: z.array(Reason),
  rule: z.nullable(RuleName),
  tests: z.array(z.looseObject({
    by: z.enum(["driver", "version-attribute"]),
    verdict: z.enum(VERDICTS),
    evidence: z.nullable(z.enum(EVIDENCE)),
    reasons: z.array(Reason),
    declared: z.optional(z.nullable(DeclaredTest)),
    test: z.optional(DriverTest),
  })),
  problems,
});

const ProblemDetails = z.looseObject({
  schema: z.literal(PROBLEM_SCHEMA),
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  remedy: z.nullable(z.string()),
  pointer: z.optional(z.string()),
  parameter: z.optional(z.string()),
  value: z.optional(z.unknown()),
  requestId: z.string(),
});

/**
 * All documents by their names in `/openapi.json`. Those that other rooms check are theirs. The others are only written
 * by this program; tests compare them with what it writes.
 */
export const DOCUMENTS = {
  Answer,
  Answers,
  Availability,
  Check,
  Configuration,
  Configurations: listOf(CONFIGURATIONS_SCHEMA, "configurations", Candidate),
  Create,
  Definitions: z.looseObject({
    schema: z.literal(DEFINITIONS_SCHEMA),
    host: z.string(),
    definitions: z.array(Definition),
  }),
  Device,
  DeviceDocument: z.looseObject({
    schema: z.literal(DEVICE_SCHEMA),
    ...ofSnapshot,
    ...Device._zod.innerType.shape,
  }),
  DeviceType,
  Devices: listOf(DEVICES_SCHEMA, "devices", Entries.devices),
  Driver,
  ExportRequest: z.strictObject({
    as: z.enum(["xml", "commands", "mdevctl", "document"]),
    to: z.optional(z.nullable(z.string())),
  }),
  Health: z.looseObject({
    schema: z.literal(HEALTH_SCHEMA),
    ok: z.boolean(),
    version: z.string(),
    ...ofSnapshot,
    sessions: z.number(),
  }),
  Host,
  Identity,
  InitialData,
  Migration,
  Move,
  Need,
  Offer,
  Offers: partOf({ schema: OFFERS_SCHEMA, count: "offered", name: "offers" }, Offer),
  Outcome,
  OutcomeBuilds,
  OutcomeReport,
  OutcomeSide,
  OutcomeTally,
  Outcomes,
  PciConfig,
  Prediction,
  Problem,
  ProblemDetails,
  Readiness: z.looseObject({ schema: z.literal(READINESS_SCHEMA), ready: z.boolean() }),
  Reason,
  Refusal,
  Refusals: partOf({ schema: REFUSALS_SCHEMA, count: "refused", name: "refusals" }, Refusal),
  RulesFile,
  RulesFiles,
  Session,
  SnapshotDocument,
  Sources: z.looseObject({ sources: z.array(Identity) }),
  SupportedSources: listOf(SUPPORTED_SCHEMA, "supported", Supported),
  Test,
  TestRequest: z.looseObject({ source: Identity, target: TestTarget }),
  Types: listOf(TYPES_SCHEMA, "types", Entries.types),
  VirtualMachine,
  VirtualMachines: listOf(VMS_SCHEMA, "vms", Entries.vms),
};
export type DocumentName = keyof typeof DOCUMENTS;
