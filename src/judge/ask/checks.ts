import type { Identity } from "../../documents/mod.ts";
import { judgeRule, type RuleWord } from "../rules/mod.ts";
import { checkBuild, checkFeatures, checkMigration } from "./check_migration.ts";
import { checkPciConfig } from "./check_pci_config.ts";
import { checkVersion } from "./check_version.ts";
import { checkVmm } from "./check_vmm.ts";
import type { Candidate } from "./configurations.ts";
import { find, type Finding, vendorOf } from "./finding.ts";

/** A check that runs for every candidate. `rule` is the decision of the rule that applies to the pair. */
type CompatibilityCheck = (
  source: Identity,
  target: Candidate,
  rule: RuleWord | null,
) => Finding[];

/** All checks, in the order of their reasons. */
const CHECKS: readonly CompatibilityCheck[] = [
  checkSelf,
  checkTrouble,
  checkState,
  checkUsable,
  checkType,
  checkRule,
  checkPossible,
  checkDeviceApi,
  checkMigration,
  checkVersion,
  checkPciConfig,
  checkFeatures,
  checkBuild,
  checkVmm,
];

/** Runs all checks on a candidate. */
export function runChecks(
  source: Identity,
  target: Candidate,
  rule: RuleWord | null,
): Finding[] {
  return CHECKS.flatMap((check) => check(source, target, rule));
}

/** Refuses the source itself while its host still runs in the same boot: a device cannot migrate to itself. */
function checkSelf(source: Identity, { configuration, host }: Candidate): Finding[] {
  const same = configuration.id === source.id && host.bootId !== null &&
    host.bootId === source.host.bootId;
  if (!same) return [];
  const sentence = `${source.driver?.name ?? source.type}: ${source.id} is the source itself`;
  return [find("refuse", "SourceItself", sentence, { source: source.id, host: source.id })];
}

/** The reason for each kind of trouble. */
const TROUBLES = {
  "stuck": "Stuck",
  "needs-reset": "NeedsReset",
  "not-running": "NotRunning",
} as const;

/** Refuses a device that cannot take a migration in its state: a test or a virtual machine left it so. */
function checkTrouble(_: Identity, target: Candidate): Finding[] {
  if (!target.trouble) return [];
  const { code, sentence } = target.trouble;
  const name = Object.entries(TROUBLES).find(([known]) => known === code)?.[1] ?? "NeedsReset";
  const values = { source: null, host: code };
  return [find("refuse", name, `${vendorOf(target)}: ${sentence}`, values)];
}

/** Warns of a device that came free and was not looked at since: its last user may have left it in another state. */
function checkState(_: Identity, target: Candidate): Finding[] {
  if (!target.isReleased) return [];
  const sentence = `${
    vendorOf(target)
  }: a process let go of it, and its migration state is not known since`;
  return [find("warn", "StateNotKnown", sentence, { source: null, host: null })];
}

/** Refuses what no virtual machine can use in this state: a function without a vGPU type, or without an IOMMU. */
function checkUsable(_: Identity, target: Candidate): Finding[] {
  const vendor = vendorOf(target);
  const { configuration: { kind }, facts, noIommu } = target;
  const found: Finding[] = [];
  if (kind === "device" && facts.vgpuType === null) {
    const sentence = `${vendor}: no vGPU type is set on the virtual function`;
    found.push(find("refuse", "NoVgpuType", sentence, { source: null, host: null }));
  }
  if (noIommu) {
    const sentence = `${vendor}: no IOMMU translates its DMA, so no virtual machine can use it`;
    found.push(find("refuse", "NoIommuMode", sentence, { source: null, host: "noiommu" }));
  }
  return found;
}

/** Compares the types. A different type is refused unless a rule applies to the pair. */
function checkType(source: Identity, target: Candidate, rule: RuleWord | null): Finding[] {
  const { type } = target.configuration;
  const vendor = vendorOf(target);
  const values = { source: source.type, host: type };
  if (type === source.type) {
    return [
      find("accept", "SameType", `${vendor}: the type ${type} is the same as the source's`, values),
    ];
  }
  if (rule !== null) return [];
  const sentence = `${vendor}: the type differs from the source's type ${source.type}`;
  return [find("refuse", "TypeDiffers", sentence, values)];
}

function checkRule(source: Identity, target: Candidate, rule: RuleWord | null): Finding[] {
  if (rule === null) return [];
  return judgeRule(rule, source, target).map((finding) => ({ ...finding, by: "rule" as const }));
}

/** Refuses a type with no free and no existing instance: this host cannot create it in its current setup. */
function checkPossible(_: Identity, target: Candidate): Finding[] {
  if (target.possible) return [];
  const sentence = `${
    vendorOf(target)
  }: the parent cannot create an instance, although none exists`;
  return [find("refuse", "TypeNeverAvailable", sentence, { source: null, host: "0 instances" })];
}

function checkDeviceApi(source: Identity, target: Candidate): Finding[] {
  const [ours, theirs] = [target.deviceApi, source.deviceApi];
  if (ours === null || theirs === null || ours === theirs) return [];
  const sentence = `${vendorOf(target)}: the device API is ${ours}, but the source's is ${theirs}`;
  return [find("refuse", "DeviceApiDiffers", sentence, { source: theirs, host: ours })];
}
