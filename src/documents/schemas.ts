/**
 * The names of all documents, which each has in its `schema` field. What the command line prints with `--json` and what
 * HTTP gives under one name has the same fields.
 */

// Documents that are read, too.
export const IDENTITY_SCHEMA = "vfio-ask/identity/v1";
export const SNAPSHOT_SCHEMA = "vfio-ask/snapshot/v1";
/** A file of rules. */
export const RULES_SCHEMA = "vfio-ask/rules/v1";
/** A file of facts that an operator declares. */
export const FACTS_SCHEMA = "vfio-ask/facts/v1";

// Answers.
export const ANSWER_SCHEMA = "vfio-ask/answer/v1";
/** The answer to several sources together. */
export const ANSWERS_SCHEMA = "vfio-ask/answers/v1";
/** The answers of several hosts. */
export const HOSTS_SCHEMA = "vfio-ask/hosts/v1";
/** The answer to one source and one target: of `preflight` and `POST /v1/test`. */
export const TEST_SCHEMA = "vfio-ask/test/v1";
export const SESSION_SCHEMA = "vfio-ask/session/v1";
export const OFFERS_SCHEMA = "vfio-ask/offers/v1";
export const REFUSALS_SCHEMA = "vfio-ask/refusals/v1";
/** One of them, a line of NDJSON. */
export const OFFER_SCHEMA = "vfio-ask/offer/v1";
export const REFUSAL_SCHEMA = "vfio-ask/refusal/v1";

// What this host has.
export const DEVICES_SCHEMA = "vfio-ask/devices/v1";
export const DEVICE_SCHEMA = "vfio-ask/device/v1";
export const TYPES_SCHEMA = "vfio-ask/types/v1";
export const CONFIGURATIONS_SCHEMA = "vfio-ask/configurations/v1";
export const SUPPORTED_SCHEMA = "vfio-ask/supported/v1";
/** The state of each file of rules. */
export const RULES_FILES_SCHEMA = "vfio-ask/rules-files/v1";
export const DOCTOR_SCHEMA = "vfio-ask/doctor/v1";
/** What devices said when they were asked by name. */
export const PROBE_SCHEMA = "vfio-ask/probe/v1";
/** The same of one device, a line of `probe --ndjson`. */
export const PROBED_DEVICE_SCHEMA = "vfio-ask/probed-device/v1";

// The program itself.
export const VERSION_SCHEMA = "vfio-ask/version/v1";
export const HEALTH_SCHEMA = "vfio-ask/health/v1";
/** An error over HTTP, which has the `type` of RFC 9457 besides. */
export const PROBLEM_SCHEMA = "vfio-ask/problem/v1";

// Files in the state directory.
export const CONTROLS_SCHEMA = "vfio-ask/controls/v1";
export const OBSERVATIONS_SCHEMA = "vfio-ask/observations/v1";
