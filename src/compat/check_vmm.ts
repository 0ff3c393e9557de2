import { unmetConditions, VMM_NAMES, type VmmCondition } from "../vmm/mod.ts";
import { type Driver, type Host, type Identity, isMigratable } from "../identity/mod.ts";
import { isInRange, parseVersionRange } from "../rules/mod.ts";
import type { Candidate } from "./configurations.ts";
import { driverOf, find, type Finding, vendorOf } from "./finding.ts";

const WITHOUT_V2 = parseVersionRange("<5.18")!;

/**
 * What the virtual machine monitor and the kernel will look at too, whatever the drivers say: as warnings, since
 * distributions carry back what they like.
 */
export function checkVmm(source: Identity, target: Candidate): Finding[] {
  const hosts = { source: source.host, host: target.host };
  return [
    ...ofHost("source", hosts, source, target),
    ...ofHost("host", hosts, { ...target, driver: driverHere(target) }, source),
    ...kernelTooOld(source, target),
    ...trackingMissing(source, target),
  ];
}

/** Before there is a device of a type, its parent's driver is known only. */
function driverHere({ driver, parentDriver }: Candidate): Driver | null {
  return driver ?? parentDriver ?? null;
}

/** What the monitors of one side cannot do for its device; the versions of both sides are told. */
function ofHost(
  side: "source" | "host",
  hosts: Readonly<Record<"source" | "host", Host>>,
  device: Pick<Identity, "kind" | "driver" | "migration">,
  other: Pick<Identity, "kind">,
): Finding[] {
  const version = (of: "source" | "host", program: VmmCondition["program"]) => {
    const fact = hosts[of].facts?.[program];
    return typeof fact === "string" ? fact : null;
  };
  const software = { qemu: version(side, "qemu"), libvirt: version(side, "libvirt") };
  const where = side === "source" ? "the source's host" : "this host";
  return unmetConditions(software, device, other).map(({ code, program, sentence }) =>
    find("warn", code, `${VMM_NAMES[program]} ${software[program]} of ${where} ${sentence}`, {
      source: version("source", program),
      host: version("host", program),
    })
  );
}

function kernelTooOld({ host: theirs, migration }: Identity, target: Candidate): Finding[] {
  const { kernel } = target.host;
  if (migration.uapi !== "v2" || target.migration.uapi !== "unknown") return [];
  if (isInRange(kernel, WITHOUT_V2) !== true) return [];
  const sentence = `${
    vendorOf(target)
  }: VFIO migration v2 came with Linux 5.18, which ${kernel} has only where its vendor carried it back`;
  return [find("warn", "KernelTooOld", sentence, { source: theirs.kernel, host: kernel })];
}

/** Without it a migration needs every page copied while the machine stands still. */
function trackingMissing(source: Identity, target: Candidate): Finding[] {
  const values = { source: source.migration.dirtyTracking, host: target.migration.dirtyTracking };
  const checkOf = ({ checks }: Identity["migration"]) =>
    checks?.find(({ step }) => step.startsWith("DMA_LOGGING"));
  const found: Finding[] = [];
  if (isMigratable(source.migration) && values.source === "none") {
    const sentence = `${
      driverOf(source)
    }: neither the source's driver nor its IOMMU tracks dirty pages`;
    found.push(find("warn", "DirtyTrackingMissing", sentence, values, checkOf(source.migration)));
  }
  if (isMigratable(target.migration) && values.host === "none") {
    const sentence = `${
      vendorOf(target)
    }: neither the driver nor the IOMMU tracks dirty pages here, as migrating on from here will need`;
    found.push(
      find("warn", "DirtyTrackingMissingHere", sentence, values, checkOf(target.migration)),
    );
  }
  return found;
}
