import {
  isUnmigratable,
  listNeeds,
  trackingCheck,
  trackingNeed,
  unmetConditions,
  VMM_NAMES,
  type VmmCondition,
} from "../vmm/mod.ts";
import type { Driver, Host, Identity, Need } from "../../documents/mod.ts";
import { isOlder } from "../rules/mod.ts";
import type { Candidate } from "./configurations.ts";
import { find, type Finding, vendorOf } from "./finding.ts";

/**
 * Limits of the virtual machine monitors and kernels. They are only warnings, because distributions backport features.
 * Limits that refuse a migration are needs, see {@link needsOf}.
 */
export function checkVmm(source: Identity, target: Candidate): Finding[] {
  const hosts = { source: source.host, host: target.host };
  return [
    ...ofHost("source", hosts, source, target),
    ...ofHost("host", hosts, { ...target, driver: driverHere(target) }, source),
    ...kernelTooOld(source, target),
    ...trackingHere(source, target),
  ];
}

/** Until a type has a device, only the parent's driver is known. */
function driverHere({ driver, parentDriver }: Candidate): Driver | null {
  return driver ?? parentDriver ?? null;
}

/** What the monitors of one side cannot do for its device. Each reason has the versions of both sides. */
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
  const told = unmetConditions(software, device, other).filter((one) => one.level !== "refuses");
  return told.map(({ code, program, sentence }) =>
    find("warn", code, `${VMM_NAMES[program]} ${software[program]} on ${where} ${sentence}`, {
      source: version("source", program),
      host: version("host", program),
    })
  );
}

function kernelTooOld({ host: theirs, migration }: Identity, target: Candidate): Finding[] {
  const { kernel } = target.host;
  if (migration.uapi !== "v2" || target.migration.uapi !== "unknown") return [];
  if (!isOlder(kernel, "5.18")) return [];
  const sentence = `${
    vendorOf(target)
  }: VFIO migration v2 needs Linux 5.18 or a backport, and this host runs ${kernel}`;
  return [find("warn", "KernelTooOld", sentence, { source: theirs.kernel, host: kernel })];
}

/** What this host's QEMU must be started with to migrate the machine away again. It does not affect this migration. */
function trackingHere({ migration: theirs }: Identity, target: Candidate): Finding[] {
  const { migration } = target;
  const need = trackingNeed(migration);
  if (need === null || isUnmigratable(target)) return [];
  const { code, why, words } = need;
  const sentence = `${
    vendorOf(target)
  }: ${why}; to migrate away from this host again, QEMU needs ${words}`;
  const values = { source: theirs.dirtyTracking, host: migration.dirtyTracking };
  return [find("warn", `${code}Here`, sentence, values, trackingCheck(migration))];
}

/** What the monitors of both sides need for a source and a candidate. */
export function needsOf(source: Identity, target: Candidate): Need[] {
  const { kind, configuration, migration, host } = target;
  const qemu = host.facts?.qemu;
  return listNeeds(source, {
    kind,
    type: configuration.type,
    driver: driverHere(target),
    migration,
    qemu: typeof qemu === "string" ? qemu : null,
  });
}

/** The effect of needs: an unmet need refuses, and a need that may be unmet makes the verdict unknown. */
export function judgeNeeds(needs: readonly Need[]): Finding[] {
  return needs.flatMap(({ code, state, sentence, check }): Finding[] => {
    const effect = EFFECTS[state];
    if (effect === null) return [];
    const values = { source: null, host: null, ...(check === undefined ? {} : { check }) };
    return [{ effect, reason: { code, sentence, ...values }, by: "need" }];
  });
}

const EFFECTS = { met: null, open: null, unknown: "unknown", unmet: "refuse" } as const;
