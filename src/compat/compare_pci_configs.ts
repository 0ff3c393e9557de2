import { type Identity, type PciConfig, unpackPciSpace } from "../identity/mod.ts";
import {
  compareAsQemu,
  type PairSetting,
  type PciComparison,
  type PciDifference,
  possibleSettings,
  type QemuPair,
} from "../vmm/mod.ts";
import type { Candidate } from "./configurations.ts";

/** A source and a target that both have a PCI configuration with its bytes. */
export interface PciPair {
  source: Identity;
  target: Candidate;
  theirs: PciConfig;
  ours: PciConfig;
}

/** What QEMU will find, by all that is known of it. */
export type PciOutcome =
  | { kind: "same" }
  | { kind: "problem"; problem: string }
  | { kind: "different"; differences: readonly PciDifference[] }
  | { kind: "depends"; differences: readonly PciDifference[]; on: string[] };

/** What is not known, by the part of the setting that it decides. */
const UNKNOWNS: readonly { same: (setting: PairSetting) => unknown; text: string }[] = [
  {
    same: ({ target: { bus } }) => bus,
    text: "the machine type and the bus of the device there",
  },
  {
    same: ({ target }) => target.checksVendorSpecific,
    text: "the versions of QEMU and the machine type: from 9.1 on it does not check what is in " +
      "vendor-specific capabilities",
  },
  {
    same: ({ target }) => target.boundsPowerManagement,
    text: "the version of QEMU here: from 10.0 on it does not check the power state",
  },
  {
    same: ({ source, target }) => `${source.showsRebar} ${target.showsRebar}`,
    text: "the versions of QEMU: from 8.1 on it shows resizable BARs",
  },
];

/** Compares two configuration spaces in every setting that the monitors can have. */
export function comparePciConfigs(pair: PciPair): PciOutcome {
  const sides = toSources(pair);
  const results = possibleSettings(qemuPair(pair)).map((setting) => ({
    setting,
    ...compareAsQemu(sides.source, sides.target, setting),
  }));
  const refused = results.filter(isRefused);
  const [first] = refused.toSorted((a, b) => a.differences.length - b.differences.length);
  if (first === undefined) return { kind: "same" };
  if (refused.length < results.length) {
    return { kind: "depends", differences: first.differences, on: decisive(results) };
  }
  if (first.problem !== null) return { kind: "problem", problem: first.problem };
  return { kind: "different", differences: first.differences };
}

/** Where QEMU does not look, of what the guest sees in vendor-specific capabilities. */
export function hiddenDifferences(pair: PciPair): readonly PciDifference[] {
  const { source, target } = toSources(pair);
  const [setting] = possibleSettings(qemuPair(pair)) as [PairSetting];
  const checked = { ...setting, target: { ...setting.target, checksVendorSpecific: true } };
  return compareAsQemu(source, target, checked).differences;
}

function isRefused({ differences, problem }: PciComparison): boolean {
  return differences.length > 0 || problem !== null;
}

/** The unknown parts that decide: two settings that differ in such a part alone have different outcomes. */
function decisive(results: readonly (PciComparison & { setting: PairSetting })[]): string[] {
  return UNKNOWNS.filter((part) => {
    const others = (setting: PairSetting) =>
      JSON.stringify(UNKNOWNS.filter((other) => other !== part).map(({ same }) => same(setting)));
    return results.some((a) =>
      results.some((b) => isRefused(a) !== isRefused(b) && others(a.setting) === others(b.setting))
    );
  }).map(({ text }) => text);
}

/** Both configuration spaces, as the model takes them. */
function toSources({ theirs, ours }: PciPair) {
  return {
    source: { space: unpackPciSpace(theirs.space!), bars: theirs.bars },
    target: { space: unpackPciSpace(ours.space!), bars: ours.bars },
  };
}

/** The monitors: the one that runs the source's device, else those that are installed. */
function qemuPair({ source, target }: PciPair): QemuPair {
  const installed = ({ facts }: Identity["host"]) =>
    typeof facts?.qemu === "string" ? facts.qemu : null;
  return {
    source: source.vmm?.qemu ?? installed(source.host),
    target: installed(target.host),
    machineType: source.vmm?.machineType ?? null,
    bus: source.vmm?.pciBus ?? null,
  };
}

/** A part of the configuration that was decoded, as text, in which two devices differ. */
export interface DecodedDifference {
  field: string;
  theirs: string;
  ours: string;
}

/** What QEMU compares in any setting, of what was decoded. */
const DECODED: readonly { field: string; of: (config: PciConfig) => string }[] = [
  { field: "vendor", of: ({ vendor }) => vendor },
  { field: "device", of: ({ device }) => device },
  { field: "revision", of: ({ revision }) => revision },
  { field: "class", of: (config) => config.class },
  {
    field: "capability list",
    of: ({ capabilities }) => capabilities.map(capabilityText).join(" "),
  },
];

/** Where two configurations differ in what QEMU compares, as far as decoded fields tell. */
export function decodedDifferences(theirs: PciConfig, ours: PciConfig): DecodedDifference[] {
  return DECODED.map(({ field, of }) => ({ field, theirs: of(theirs), ours: of(ours) }))
    .filter(({ theirs, ours }) => theirs !== ours);
}

function capabilityText({ id, offset, vectors }: PciConfig["capabilities"][number]): string {
  return `${id}@${offset}${vectors === undefined ? "" : `x${vectors}`}`;
}
