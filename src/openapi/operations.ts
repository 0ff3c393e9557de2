import { MAX_PLANS } from "../answers/mod.ts";
import { REFUSALS_MODES } from "../documents/mod.ts";
import { OFFER_ORDERS } from "../judge/ask/mod.ts";
import type { DocumentName } from "./documents.ts";

/** What the schemas do not say about a route. */
export interface Operation {
  /** The name of the function in generated clients. */
  id: string;
  tag: keyof typeof TAGS;
  summary: string;
  /** The documents of a request body: one of them. */
  takes?: readonly DocumentName[];
  /** The document of the answer: one of them. `text` is for what is no JSON, by media type. */
  gives?: readonly DocumentName[];
  text?: Readonly<Record<string, string>>;
  /** The status of the answer; default 200. */
  status?: number;
  /** Whether it starts a preflight or records something, which needs permission. */
  needsPermission?: boolean;
}

/** Groups of operations. */
export const TAGS = {
  ask: "Ask in one request.",
  sessions: "Write a source and ask, pinned to one snapshot of the host.",
  host: "What this host has.",
  outcomes: "What became of migrations.",
  service: "The state of the server.",
};

const NDJSON = "application/x-ndjson";

/** Every route, with its method, in the order of the document. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  "POST /v1/ask": {
    id: "ask",
    tag: "ask",
    summary: "Asks for one source, or for all sources of one virtual machine",
    takes: ["Identity", "Sources", "VirtualMachine"],
    gives: ["Answer", "Answers"],
  },
  "POST /v1/plans/:id/export": {
    id: "exportPlan",
    tag: "ask",
    summary: "Says how to carry out a plan of an earlier answer",
    takes: ["ExportRequest"],
    gives: ["Move", "Definitions"],
    text: {
      "application/xml": "The domain XML for this host.",
      "text/plain": "A shell script for both hosts.",
    },
  },
  "POST /v1/test": {
    id: "test",
    tag: "ask",
    summary: "Tests the data of a source on one target, with one verdict",
    takes: ["TestRequest"],
    gives: ["Test"],
    needsPermission: true,
  },
  "POST /v1/outcomes": {
    id: "recordOutcome",
    tag: "outcomes",
    summary: "Records what became of a migration, as an outcome or as a report about a device here",
    takes: ["Outcome", "OutcomeReport"],
    gives: ["Outcome"],
    status: 201,
    needsPermission: true,
  },
  "GET /v1/outcomes": {
    id: "listOutcomes",
    tag: "outcomes",
    summary: "Lists what became of the migrations that this host knows of, oldest first",
    gives: ["Outcomes"],
  },
  "POST /v1/sessions": {
    id: "openSession",
    tag: "sessions",
    summary: "Opens a session, pinned to the newest snapshot",
    gives: ["Session"],
    status: 201,
  },
  "GET /v1/sessions/:id": {
    id: "getSession",
    tag: "sessions",
    summary: "Describes a session",
    gives: ["Session"],
  },
  "DELETE /v1/sessions/:id": {
    id: "closeSession",
    tag: "sessions",
    summary: "Closes a session",
    status: 204,
  },
  "PUT /v1/sessions/:id/source": {
    id: "writeSource",
    tag: "sessions",
    summary: "Writes the source of a session; a second one replaces the first",
    takes: ["Identity"],
    gives: ["Session"],
  },
  "GET /v1/sessions/:id/offers": {
    id: "listOffers",
    tag: "sessions",
    summary: "Lists the offers for the source, best first",
    gives: ["Offers"],
    text: { [NDJSON]: "One offer per line, with the schema vfio-ask/offer/v1." },
  },
  "GET /v1/sessions/:id/refusals": {
    id: "listRefusals",
    tag: "sessions",
    summary: "Lists the configurations that cannot accept the source, with reasons",
    gives: ["Refusals"],
    text: { [NDJSON]: "One refusal per line, with the schema vfio-ask/refusal/v1." },
  },
  "GET /v1/devices": {
    id: "listDevices",
    tag: "host",
    summary: "Lists the VFIO devices with their migration support",
    gives: ["Devices"],
  },
  "GET /v1/devices/:id": {
    id: "getDevice",
    tag: "host",
    summary: "Describes a device",
    gives: ["DeviceDocument"],
  },
  "GET /v1/devices/:id/identity": {
    id: "identifyDevice",
    tag: "host",
    summary: "Gives the identity of a device, to ask another host about it",
    gives: ["Identity"],
  },
  "GET /v1/vms": {
    id: "listVirtualMachines",
    tag: "host",
    summary: "Lists the virtual machines that use VFIO devices",
    gives: ["VirtualMachines"],
  },
  "GET /v1/vms/:id": {
    id: "getVirtualMachine",
    tag: "host",
    summary:
      "Gives a virtual machine with the identities of its devices, to ask another host about it",
    gives: ["VirtualMachine"],
  },
  "GET /v1/types": {
    id: "listTypes",
    tag: "host",
    summary: "Lists the types of devices that can be created",
    gives: ["Types"],
  },
  "GET /v1/configurations": {
    id: "listConfigurations",
    tag: "host",
    summary: "Lists the possible targets",
    gives: ["Configurations"],
  },
  "GET /v1/supported": {
    id: "listSupportedSources",
    tag: "host",
    summary: "Lists the types of sources that this host can accept",
    gives: ["SupportedSources"],
  },
  "GET /v1/rules": {
    id: "listRules",
    tag: "host",
    summary: "Lists the rule files and their states",
    gives: ["RulesFiles"],
  },
  "GET /v1/snapshot": {
    id: "getSnapshot",
    tag: "host",
    summary: "Gives the host as one document, to ask offline",
    gives: ["SnapshotDocument"],
  },
  "GET /v1/events": {
    id: "followChanges",
    tag: "host",
    summary: "Streams what changes on the host; Last-Event-ID goes on where a client stopped",
    text: {
      "text/event-stream":
        "The event reset: read the lists now. The event changes: what one snapshot changed.",
    },
  },
  "GET /healthz": {
    id: "getHealth",
    tag: "service",
    summary: "Answers while the server runs",
    gives: ["Health"],
  },
  "GET /readyz": {
    id: "getReadiness",
    tag: "service",
    summary: "Answers 503 before the first look at the host and when the server stops",
    gives: ["Readiness"],
  },
  "GET /metrics": {
    id: "getMetrics",
    tag: "service",
    summary: "Gives metrics in the text format of Prometheus",
    text: { "text/plain": "The text format of Prometheus, version 0.0.4." },
  },
  "GET /openapi.json": {
    id: "getDescription",
    tag: "service",
    summary: "Gives this description",
    text: { "application/json": "An OpenAPI 3.1 document." },
  },
};

/** A value of a query or a path: what it does, and its JSON schema. */
export interface Value {
  description: string;
  schema: Readonly<Record<string, unknown>>;
}

const SWITCH = { type: "string", enum: ["0", "1", "false", "true"] };

/** Every query parameter. */
export const QUERY: Readonly<Record<string, Value>> = {
  preflight: {
    description:
      "1 lets drivers test the data of the source. This needs permission, as POST /v1/test.",
    schema: { ...SWITCH, default: "0" },
  },
  unknown: {
    description: "0 omits offers of unknown verdict.",
    schema: { ...SWITCH, default: "1" },
  },
  order: {
    description: "Whether evidence or availability comes first in the order of offers.",
    schema: { type: "string", enum: OFFER_ORDERS, default: "evidence" },
  },
  refusals: {
    description:
      "Whether refusals with the same reasons are one entry, each has one, or none is listed.",
    schema: { type: "string", enum: REFUSALS_MODES },
  },
  offers: {
    description: "How many offers to list: a number, or all.",
    schema: { type: "string", pattern: "^([1-9][0-9]{0,5}|all)$" },
  },
  plans: {
    description: "How many plans to list for several sources.",
    schema: { type: "integer", minimum: 1, maximum: MAX_PLANS, default: 1 },
  },
};

/** What `:id` is below each path. */
export const NAMES: Readonly<Record<string, Value>> = {
  "/v1/devices": {
    description: "The name of a device in sysfs.",
    schema: { type: "string", minLength: 1, maxLength: 512 },
  },
  "/v1/vms": {
    description: "The name, the UUID or the pid of a virtual machine.",
    schema: { type: "string", minLength: 1, maxLength: 512 },
  },
  "/v1/plans": {
    description: "The id of a plan, from an answer.",
    schema: { type: "string", minLength: 1, maxLength: 512 },
  },
  "/v1/sessions": {
    description: "The ID of a session, from its Location.",
    schema: { type: "string", minLength: 1, maxLength: 512 },
  },
};
