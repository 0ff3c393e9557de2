import type { Identity } from "../../documents/mod.ts";
import { judgeRule, type RuleWord } from "../rules/mod.ts";
import { checkBuild, checkFeatures, checkMigration } from "./check_migration.ts";
import { checkPciConfig } from "./check_pci_config.ts";
import { checkVersion } from "./check_version.ts";
import { checkVmm } from "./check_vmm.ts";
import type { Candidate } from "./configurations.ts";
import { find, type Finding, vendorOf } from "./finding.ts";

/** A question that is put to every candidate; `rule` is the word of the rule that speaks of the pair. */
type CompatibilityCheck = (
  source: Identity,
  target: Candidate,
  rule: RuleWord | null,
) => Finding[];

/** All checks, in the order in which their reasons are told. */
const CHECKS: readonly CompatibilityCheck[] = [
  checkSelf,
  checkTrouble,
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

/** What every check finds of a candidate. */
export function runChecks(
  source: Identity,
  target: Candidate,
  rule: RuleWord | null,
): Finding[] {
  return CHECKS.flatMap((check) => check(source, target, rule));
}

/** The source itself, while the host that it is on still runs: a device cannot take its own migration. */
function checkSelf(source: Identity, { configuration, host }: Candidate): Finding[] {
  const same = configuration.id === source.id && host.bootId !== null &&
    host.bootId === source.host.bootId;
  if (!same) return [];
  const sentence = `${source.driver?.name ?? source.type}: ${source.id} is the source itself`;
  return [find("refuse", "SourceItself", sentence, { source: source.id, host: source.id })];
}

/** A device that a test could not bring back is offered to nobody. */
function checkTrouble(_: Identity, target: Candidate): Finding[] {
  if (!target.trouble) return [];
  const { code, sentence } = target.trouble;
  const name = code === "stuck" ? "Stuck" : "NeedsReset";
  const values = { source: null, host: code };
  return [find("refuse", name, `${vendorOf(target)}: ${sentence}`, values)];
}

/** What no virtual machine can be given as it is: a function without its vGPU type, or without an IOMMU. */
function checkUsable(_: Identity, target: Candidate): Finding[] {
  const vendor = vendorOf(target);
  const { configuration: { kind }, facts, noIommu } = target;
  const found: Finding[] = [];
  if (kind === "device" && facts.vgpuType === null) {
    const sentence = `${vendor}: no vGPU type is set on the virtual function`;
    found.push(find("refuse", "NoVgpuType", sentence, { source: null, host: null }));
  }
  if (noIommu) {
    const sentence = `${vendor}: no IOMMU translates it, and no virtual machine takes it so`;
    found.push(find("refuse", "NoIommuMode", sentence, { source: null, host: "noiommu" }));
  }
  return found;
}

/** The type is what anybody may compare; another is refused unless a rule has a word on it. */
function checkType(source: Identity, target: Candidate, rule: RuleWord | null): Finding[] {
  const { type } = target.configuration;
  const vendor = vendorOf(target);
  const values = { source: source.type, host: type };
  if (type === source.type) {
    return [find("accept", "SameType", `${vendor}: the type ${type} is the source's`, values)];
  }
  if (rule !== null) return [];
  const sentence = `${vendor}: the type is not the source's ${source.type}`;
  return [find("refuse", "TypeDiffers", sentence, values)];
}

function checkRule(source: Identity, target: Candidate, rule: RuleWord | null): Finding[] {
  if (rule === null) return [];
  return judgeRule(rule, source, target).map((finding) => ({ ...finding, by: "rule" as const }));
}

/** A type of which nothing is free though nothing takes any: this host cannot make it, as it is set up. */
function checkPossible(_: Identity, target: Candidate): Finding[] {
  if (target.possible) return [];
  const sentence = `${vendorOf(target)}: the parent can make none, though nothing is made on it`;
  return [find("refuse", "TypeNeverAvailable", sentence, { source: null, host: "0 instances" })];
}

function checkDeviceApi(source: Identity, target: Candidate): Finding[] {
  const [ours, theirs] = [target.deviceApi, source.deviceApi];
  if (ours === null || theirs === null || ours === theirs) return [];
  const sentence = `${vendorOf(target)}: the device API ${ours} is not the source's ${theirs}`;
  return [find("refuse", "DeviceApiDiffers", sentence, { source: theirs, host: ours })];
}
