/**
 * The schema names of all documents, for the `schema` field. Documents with the same schema name have the same fields on
 * the command line (`--json`) and over HTTP.
 */

// Documents that are also read.
export const IDENTITY_SCHEMA = "vfio-ask/identity/v1";
/** A virtual machine with the identities of its devices. */
export const VM_SCHEMA = "vfio-ask/vm/v1";
export const SNAPSHOT_SCHEMA = "vfio-ask/snapshot/v1";
/** A rules file. */
export const RULES_SCHEMA = "vfio-ask/rules/v1";
/** What became of a migration. */
export const OUTCOME_SCHEMA = "vfio-ask/outcome/v1";
/** Several outcomes, as exported. */
export const OUTCOMES_SCHEMA = "vfio-ask/outcomes/v1";
/** A file of an operator's facts. */
export const FACTS_SCHEMA = "vfio-ask/facts/v1";
/** A configuration file of the service. */
export const CONFIG_SCHEMA = "vfio-ask/config/v1";

// Answers.
export const ANSWER_SCHEMA = "vfio-ask/answer/v1";
/** The answer to several sources. */
export const ANSWERS_SCHEMA = "vfio-ask/answers/v1";
/** The mdevs to make for a plan. */
export const DEFINITIONS_SCHEMA = "vfio-ask/definitions/v1";
/** What a plan means on both hosts. */
export const MOVE_SCHEMA = "vfio-ask/move/v1";
/** The answers of several hosts. */
export const HOSTS_SCHEMA = "vfio-ask/hosts/v1";
/** The answer to one source and one target: of `preflight` and `POST /v1/test`. */
export const TEST_SCHEMA = "vfio-ask/test/v1";
export const SESSION_SCHEMA = "vfio-ask/session/v1";
export const OFFERS_SCHEMA = "vfio-ask/offers/v1";
export const REFUSALS_SCHEMA = "vfio-ask/refusals/v1";
/** A single offer or refusal, one line of NDJSON. */
export const OFFER_SCHEMA = "vfio-ask/offer/v1";
export const REFUSAL_SCHEMA = "vfio-ask/refusal/v1";
/** The last line of NDJSON over HTTP. */
export const END_SCHEMA = "vfio-ask/end/v1";

// Descriptions of this host.
export const DEVICES_SCHEMA = "vfio-ask/devices/v1";
export const DEVICE_SCHEMA = "vfio-ask/device/v1";
export const TYPES_SCHEMA = "vfio-ask/types/v1";
export const CONFIGURATIONS_SCHEMA = "vfio-ask/configurations/v1";
/** The virtual machines of this host. */
export const VMS_SCHEMA = "vfio-ask/vms/v1";
export const SUPPORTED_SCHEMA = "vfio-ask/supported/v1";
/** The state of each rules file. */
export const RULES_FILES_SCHEMA = "vfio-ask/rules-files/v1";
export const DOCTOR_SCHEMA = "vfio-ask/doctor/v1";
/** What answers said, held against what became of the migrations. */
export const CALIBRATION_SCHEMA = "vfio-ask/calibration/v1";
/** The results of a probe of named devices. */
export const PROBE_SCHEMA = "vfio-ask/probe/v1";
/** The result of one device, one line of `probe --ndjson`. */
export const PROBED_DEVICE_SCHEMA = "vfio-ask/probed-device/v1";
/** What became of devices that `recover` was to repair. */
export const RECOVERED_SCHEMA = "vfio-ask/recovered/v1";
/** Resource providers for OpenStack Placement. */
export const PLACEMENT_SCHEMA = "vfio-ask/placement/v1";

// Events of this host.
/** What changed from one snapshot to the next. */
export const CHANGES_SCHEMA = "vfio-ask/changes/v1";
/** What changed is not known: read the host again. */
export const RESET_SCHEMA = "vfio-ask/reset/v1";

// The program itself.
/** The errors in configuration files of the service. */
export const CONFIG_CHECK_SCHEMA = "vfio-ask/config-check/v1";
/** The effective settings of the service. */
export const SETTINGS_SCHEMA = "vfio-ask/settings/v1";
export const VERSION_SCHEMA = "vfio-ask/version/v1";
export const HEALTH_SCHEMA = "vfio-ask/health/v1";
export const READINESS_SCHEMA = "vfio-ask/readiness/v1";
/** An error over HTTP, which also has the `type` of RFC 9457. */
export const PROBLEM_SCHEMA = "vfio-ask/problem/v1";

/** The list of what `install` has written. */
export const INSTALLED_SCHEMA = "vfio-ask/installed/v1";

// Files in the state directory.
export const CONTROLS_SCHEMA = "vfio-ask/controls/v1";
export const OBSERVATIONS_SCHEMA = "vfio-ask/observations/v1";
