import {
  type Create,
  DEFINITIONS_SCHEMA,
  Failure,
  MOVE_SCHEMA,
  parsePciAddress,
  type Reason,
} from "../documents/mod.ts";
import type { Plan } from "../judge/joint/mod.ts";
import { changeDomainXml, type Target } from "../vms/mod.ts";
import { defineMdev, type Definition } from "./define_mdev.ts";
import { listChecks } from "./list_checks.ts";
import type { MovedMachine, MoveQuestion, SettledPlacement, SettledPlan } from "./question.ts";
import { fileName, quote } from "./shell.ts";

/** What a plan means on both hosts. */
export interface Move {
  schema: typeof MOVE_SCHEMA;
  /** The id of the plan. */
  plan: string;
  verdict: Plan["verdict"];
  /** Whether everything is free now. If not, `first` says what must be freed. */
  now: boolean;
  vm: { name: string; uuid: string | null } | null;
  /** The name of the destination. */
  host: string;
  to: string;
  /** The device for each source. */
  devices: { source: string; target: string; make: boolean }[];
  /** The domain XML for the destination; null without a machine that libvirt manages. */
  xml: string | null;
  /** The mdevs to make. */
  definitions: Definition[];
  /** In the order to run them. Each can be run by a shell as it is. */
  commands: { destination: string[]; source: string[] };
  /** The file of `xml` that the commands name; null if they need none. */
  file: string | null;
  /** What must be freed before, and what is not known. */
  first: Reason[];
  /** What has to be looked at before, one sentence each. */
  look: string[];
}

/**
 * What a plan means on both hosts. Pure.
 *
 * Throws a {@link Failure}: `unsupported` for what the tools cannot express, otherwise as {@link changeDomainXml}.
 */
export function makeMove({ plan, vm, host, to }: MoveQuestion): Move {
  const uri = to ?? `qemu+ssh://${host}/system`;
  const xml = vm?.xml == null ? null : changeDomainXml(vm.xml, targetsOf(plan));
  const definitions = plan.placements.filter(isNewMdev).map(definitionOf);
  const file = vm === null || xml === null || (xml === vm.xml && vm.state === "running")
    ? null
    : `${fileName(`${vm.name}-to-${host}`)}.xml`;
  return {
    schema: MOVE_SCHEMA,
    plan: plan.id,
    verdict: plan.verdict,
    now: plan.now,
    vm: vm === null ? null : { name: vm.name, uuid: vm.uuid },
    host,
    to: uri,
    devices: plan.placements.map(({ source, target, configuration: { kind } }) => ({
      source,
      target,
      make: kind !== "device",
    })),
    xml,
    definitions,
    commands: {
      destination: plan.placements.flatMap(commandsFor),
      source: vm === null || xml === null ? [] : [moveCommand(vm, { uri, file })],
    },
    file,
    first: plan.reasons,
    look: listChecks(plan, { vm, xml }),
  };
}

/** The mdevs that a move makes, as a document. */
export function definitionsDocument(
  { host, definitions }: Move,
): { schema: typeof DEFINITIONS_SCHEMA; host: string; definitions: Definition[] } {
  return { schema: DEFINITIONS_SCHEMA, host, definitions };
}

/** The target of each source, by id. */
function targetsOf({ placements }: SettledPlan): Map<string, Target> {
  return new Map(placements.map(({ source, target }) => [
    source.toLowerCase(),
    { kind: parsePciAddress(target) === null ? "mdev" : "pci", id: target.toLowerCase() },
  ]));
}

function isNewMdev({ configuration: { kind } }: SettledPlacement): boolean {
  return kind === "mdev-type";
}

function definitionOf(
  { target, configuration: { type, parent = "" }, create }: SettledPlacement,
): Definition {
  return defineMdev({ uuid: target, parent, type, attributes: create?.attributes });
}

/** The commands that make the device of a placement on the destination. */
function commandsFor({ source, target, configuration, create }: SettledPlacement): string[] {
  const { kind, type, parent = "", instances = 1 } = configuration;
  if (kind === "device") return [];
  if (create === null || instances > 1) {
    const what = instances > 1 ? `a device of ${instances} instances of ${type}` : type;
    throw new Failure("unsupported", `Cannot write the commands that make ${what} on ${parent}`, {
      subject: source,
      remedy: "Choose another plan, or make the device as its vendor says.",
    });
  }
  if (kind === "vgpu-type") return [setVgpuType(type, create)];
  const words = ["--uuid", target, "--parent", parent, "--type", type];
  return [
    `mdevctl start ${words.map(quote).join(" ")}`,
    ...(create.attributes ?? []).map(({ name, value }) =>
      `echo ${quote(value)} > ${quote(`/sys/bus/mdev/devices/${target}/${name}`)}`
    ),
  ];
}

/** Sets the type of a virtual function. Source: NVIDIA vGPU software documentation, `current_vgpu_type`. */
function setVgpuType(type: string, { sysfs }: Create): string {
  return `echo ${quote(type.replace(/^nvidia-/, ""))} > ${quote(sysfs)}`;
}

/** The command on the source: migrates a machine that runs, and defines one that is off. */
function moveCommand(
  { name, uuid, state }: MovedMachine,
  { uri, file }: { uri: string; file: string | null },
): string {
  if (state === "off") return `virsh --connect ${quote(uri)} define ${quote(file!)}`;
  // A name that begins with a hyphen would be read as an option.
  const domain = name.startsWith("-") ? uuid ?? name : name;
  const xml = file === null ? "" : ` --xml ${quote(file)}`;
  return `virsh migrate --live${xml} ${quote(domain)} ${quote(uri)}`;
}
