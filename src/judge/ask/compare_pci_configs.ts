import { type Identity, type PciConfig, unpackPciSpace } from "../../documents/mod.ts";
import {
  compareAsQemu,
  haveSameSize,
  type Matters,
  type PairSetting,
  type PciComparison,
  type PciSource,
  possibleSettings,
  type QemuPair,
} from "../vmm/mod.ts";
import type { Candidate } from "./configurations.ts";
import { tellDifferences, type ToldDifferences } from "./tell_differences.ts";

/** A source and a target whose PCI configurations both include the bytes. */
export interface PciPair {
  source: Identity;
  target: Candidate;
  theirs: PciConfig;
  ours: PciConfig;
}

/** What QEMU will find, as far as its setting is known. */
export type PciOutcome =
  /** `unchecked`: differences in vendor-specific capabilities that the guest sees and QEMU does not check. */
  | { kind: "same"; unchecked: ToldDifferences | null }
  | { kind: "problem"; problem: string }
  | { kind: "different"; told: ToldDifferences }
  | { kind: "depends"; told: ToldDifferences; on: string[] };

/** The parts of a setting that may be unknown. */
const UNKNOWNS: readonly { same: (setting: PairSetting) => unknown; text: string }[] = [
  {
    same: ({ target: { bus } }) => bus,
    text: "the source's machine type and the bus of its device",
  },
  {
    same: ({ target }) => target.checksVendorSpecific,
    text: "the QEMU versions and the machine type (QEMU 9.1 and later do not check inside " +
      "vendor-specific capabilities)",
  },
  {
    same: ({ target }) => target.boundsPowerManagement,
    text: "this host's QEMU version (10.0 and later do not check the power state)",
  },
  {
    same: ({ source, target }) => `${source.showsRebar} ${target.showsRebar}`,
    text: "the QEMU versions (8.1 and later show resizable BARs)",
  },
];

/** A configuration of sources, with its outcomes by target configuration and monitors. */
interface Found {
  source: PciSource;
  outcomes: Map<string, PciOutcome>;
}

/** A cache of outcomes by the source's configuration: most devices are alike. */
const FOUND = new Map<string, Found>();

/** The size of the cache: configurations of sources, and targets for each. */
const MOST_FOUND = { sources: 64, targets: 256 };

/** Compares two configuration spaces in every setting that is possible for the monitors. */
export function comparePciConfigs(pair: PciPair): PciOutcome {
  const { theirs, ours } = pair;
  const qemus = qemuPair(pair);
  const found = FOUND.get(textOf(theirs)) ?? { source: unpack(theirs), outcomes: new Map() };
  setBounded(FOUND, textOf(theirs), found, MOST_FOUND.sources);
  const key = JSON.stringify(qemus) + textOf(ours);
  const outcome = found.outcomes.get(key) ?? compareWith(found.source, pair, qemus);
  setBounded(found.outcomes, key, outcome, MOST_FOUND.targets);
  return outcome;
}

/** Sets an entry as the newest, and removes the oldest if there are too many. */
function setBounded<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value!);
}

const TEXTS = new WeakMap<PciConfig, string>();

function textOf(config: PciConfig): string {
  const text = TEXTS.get(config) ?? JSON.stringify(config);
  TEXTS.set(config, text);
  return text;
}

function compareWith(source: PciSource, { theirs, ours }: PciPair, qemus: QemuPair): PciOutcome {
  const target = unpack(ours);
  const matters = whatMatters(theirs, ours, haveSameSize(source, target));
  return compareIn(possibleSettings(qemus, matters), { source, target });
}

/** A configuration in the form that the model takes. */
function unpack({ space, bars }: PciConfig): PciSource {
  return { space: unpackPciSpace(space!), bars };
}

/**
 * The parts of a setting that matter for the capabilities of these devices. Devices of different sizes are refused in
 * every setting, so only the parts that keep QEMU from starting matter.
 */
function whatMatters(theirs: PciConfig, ours: PciConfig, isSameSize: boolean): Matters {
  const idsIn = (list: "capabilities" | "extendedCapabilities") =>
    new Set(
      [theirs, ours].flatMap((config) => config[list] ?? []).map(({ id }) => parseInt(id, 16)),
    );
  const [standard, extended] = [idsIn("capabilities"), idsIn("extendedCapabilities")];
  return {
    bus: standard.has(0x10) || extended.size > 0,
    showsRebar: isSameSize && extended.has(0x15),
    checksVendorSpecific: isSameSize && standard.has(0x09),
    boundsPowerManagement: standard.has(0x01),
  };
}

function compareIn(
  settings: readonly PairSetting[],
  { source, target }: Readonly<Record<"source" | "target", PciSource>>,
): PciOutcome {
  const results = settings.map((setting) => ({
    setting,
    ...compareAsQemu(source, target, setting),
  }));
  const refused = results.filter(isRefused);
  const [first] = refused.toSorted((a, b) => a.differences.length - b.differences.length);
  if (first === undefined) {
    const [setting] = settings as [PairSetting];
    const checked = { ...setting, target: { ...setting.target, checksVendorSpecific: true } };
    const { differences } = compareAsQemu(source, target, checked);
    return {
      kind: "same",
      unchecked: differences.length === 0 ? null : tellDifferences(differences),
    };
  }
  const told = tellDifferences(first.differences);
  if (refused.length < results.length) return { kind: "depends", told, on: decisive(results) };
  if (first.problem !== null) return { kind: "problem", problem: first.problem };
  return { kind: "different", told };
}

function isRefused({ differences, problem }: PciComparison): boolean {
  return differences.length > 0 || problem !== null;
}

/** The unknown parts that decide: settings that differ only in such a part have different outcomes. */
function decisive(results: readonly (PciComparison & { setting: PairSetting })[]): string[] {
  return UNKNOWNS.filter((part) => {
    const others = (setting: PairSetting) =>
      JSON.stringify(UNKNOWNS.filter((other) => other !== part).map(({ same }) => same(setting)));
    return results.some((a) =>
      results.some((b) => isRefused(a) !== isRefused(b) && others(a.setting) === others(b.setting))
    );
  }).map(({ text }) => text);
}

/** The monitors: the one that runs the source's device, otherwise the installed ones. */
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

/** A decoded part of the configuration in which two devices differ, as text. */
export interface DecodedDifference {
  field: string;
  theirs: string;
  ours: string;
}

/** The decoded fields that QEMU compares in every setting. */
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

/** The decoded fields that QEMU compares and in which two configurations differ. */
export function decodedDifferences(theirs: PciConfig, ours: PciConfig): DecodedDifference[] {
  return DECODED.map(({ field, of }) => ({ field, theirs: of(theirs), ours: of(ours) }))
    .filter(({ theirs, ours }) => theirs !== ours);
}

function capabilityText({ id, offset, vectors }: PciConfig["capabilities"][number]): string {
  return `${id}@${offset}${vectors === undefined ? "" : `x${vectors}`}`;
}
