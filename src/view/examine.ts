import { join } from "@std/path";
import {
  type Asked,
  type DeviceExamination,
  driverOfModule,
  type FunctionExamination,
  type HostExamination,
  type Unreadable,
  UPSTREAM_VARIANTS,
  type Variant,
} from "../judge/doctor/mod.ts";
import { type Device, isMigratable, type Problem, toProblem } from "../documents/mod.ts";
import {
  bestVfioAlias,
  type HostRoots,
  lastPart,
  listVfioDevices,
  listVirtualFunctions,
  readAttribute,
  readDriver,
  readGroupMembers,
  readIommu,
  readVfioAliases,
  resolvePath,
  type VfioAlias,
} from "../host/mod.ts";
import type { HostSoftware } from "../judge/vmm/mod.ts";
import { classKey, classOfDevice } from "../state/mod.ts";
import type { Observed } from "./observe.ts";
import type { World } from "./world.ts";

/** The input of the diagnosis of a host and its devices. */
export interface Examination {
  devices: DeviceExamination[];
  functions: FunctionExamination[];
  unreadable: Unreadable[];
  host: HostExamination;
  problems: Problem[];
}

/** Host drivers that do no DMA of their own. An IOMMU group with them stays viable. */
const BYSTANDERS = new Set(["pcieport", "pci-stub", "shpchp"]);

/**
 * Collects what a diagnosis needs in addition to the snapshot: the kernel's variant drivers, the virtual functions
 * that are not bound to a VFIO driver, and the other members of the IOMMU groups.
 *
 * Source: sysfs, `/lib/modules`. Effect: none.
 */
export function examine(
  { roots }: World,
  { snapshot, results, settling }: Observed,
  { mayAsk, software }: { mayAsk: boolean; software: HostSoftware | null },
): Examination {
  const { kernel } = snapshot.host;
  const problems: Problem[] = [];
  const attempt = <T>(subject: string, read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch (error) {
      problems.push(toProblem(error, subject));
      return otherwise;
    }
  };
  const aliases = attempt("modules.alias", () => readVfioAliases(roots, kernel), null);
  const ids = new Set(snapshot.devices.map(({ id }) => id));
  const found = attempt("devices", () => listVfioDevices(roots), []).map(({ path }) =>
    lastPart(path)
  );
  const asked = askedOf(snapshot.devices, results);
  const variantFor = (modalias: string | null) => {
    if (modalias === null) return null;
    const upstream = upstreamOf(modalias);
    return variantOf(aliases ?? [], modalias) ??
      (upstream !== null && isRegistered(roots, upstream.driver) ? upstream : null);
  };
  const devices = snapshot.devices.map((device): DeviceExamination => ({
    device,
    kernel,
    variant: variantFor(device.modalias),
    upstream: device.modalias === null ? null : upstreamOf(device.modalias),
    strangers: attempt(device.id, () => {
      const { iommuGroup, kind } = device;
      if (iommuGroup === null || kind === "mdev") return [];
      return readGroupMembers(roots, iommuGroup.id).flatMap(({ id, driver }) =>
        driver === null || ids.has(id) || BYSTANDERS.has(driver) || driver.includes("vfio")
          ? []
          : [{ id, driver }]
      );
    }, []),
    asked: asked(device),
    settling: settling.includes(device.id),
    mayAsk,
  }));
  const unreadable = found.filter((id) => !ids.has(id)).map((id) => {
    const problem = snapshot.problems.find(({ subject }) => subject === id);
    const sentence = problem?.sentence ?? `Cannot read ${id}`;
    return { id, sentence, remedy: problem?.remedy ?? null };
  });
  const functions = attempt(
    "virtual functions",
    () => listVirtualFunctions(roots, new Set([...ids, ...found])),
    [],
  ).flatMap(({ id, path, parent }) =>
    attempt<FunctionExamination[]>(id, () => {
      const modalias = readAttribute(join(path, "modalias"));
      const variant = variantFor(modalias);
      if (variant === null || modalias === null) return [];
      return [{ id, parent, driver: readDriver(path), modalias, variant }];
    }, [])
  );
  return {
    devices,
    functions,
    unreadable,
    host: {
      kernel,
      iommu: attempt("iommu", () => readIommu(roots), { units: [], groups: true }),
      iommufd: resolvePath(join(roots.dev, "iommu")) !== null,
      devices: snapshot.devices.length,
      cdevs: snapshot.devices.filter(({ nodes }) => nodes.cdev !== null).length,
      aliases: aliases !== null,
      software,
      migratable: snapshot.devices.filter(({ migration }) => isMigratable(migration)),
    },
    problems,
  };
}

/** The result of asking a device, or else of asking another device of its class. */
function askedOf(
  devices: readonly Device[],
  results: Observed["results"],
): (device: Device) => Asked | null {
  const key = (device: Device) => classKey(classOfDevice(device));
  const ofClass = new Map(
    devices.flatMap((device) => {
      const result = results.find((candidate) => candidate.device === device.id);
      return result === undefined ? [] : [[key(device), result] as const];
    }),
  );
  return (device) => {
    const result = results.find((candidate) => candidate.device === device.id) ??
      ofClass.get(key(device));
    if (result === undefined) return null;
    const { device: id, outcome, sentence, remedy, check } = result;
    return { device: id, outcome, sentence, remedy, check };
  };
}

/** The variant driver for a modalias, or null if only `vfio_pci` matches. */
function variantOf(aliases: readonly VfioAlias[], modalias: string): Variant | null {
  const module = bestVfioAlias(aliases, modalias)?.module ?? "vfio_pci";
  return module === "vfio_pci" ? null : { module, driver: driverOfModule(module) };
}

/** Whether a driver of PCI functions is loaded. Source: `/sys/bus/pci/drivers/D`. */
function isRegistered({ sys }: HostRoots, driver: string): boolean {
  return resolvePath(join(sys, "bus/pci/drivers", driver)) !== null;
}

/** The variant driver that some Linux version has for a modalias, and the first such version. */
function upstreamOf(modalias: string): DeviceExamination["upstream"] {
  const best = bestVfioAlias(UPSTREAM_VARIANTS, modalias);
  if (best === null) return null;
  const { module, since } = best;
  return { module, driver: driverOfModule(module), since };
}
