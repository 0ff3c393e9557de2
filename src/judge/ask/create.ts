import type { Configuration, Create, DeviceType, Identity } from "../../documents/mod.ts";

/** How to create a device of a type. */
export function howToCreate({ kind, type, parent, sysfs }: DeviceType): Create {
  if (kind === "vgpu-type") {
    return { sysfs, command: `echo ${type.replace(/^nvidia-/, "")} > ${sysfs}` };
  }
  return {
    sysfs: `${sysfs}/create`,
    command: `mdevctl start --parent ${parent} --type ${type}`,
  };
}

/**
 * How to create a candidate for a source. An mdev of vfio_ap is created empty. Its assign files then give it the
 * source's queues.
 *
 * Source: `Documentation/arch/s390/vfio-ap.rst`, Linux 6.12: `assign_adapter`, `assign_domain`, `assign_control_domain`
 * (4.20). Alternatively, `ap_config` (6.10) takes all three masks at once.
 */
export function createFor(
  { create, configuration }: { create: Create | null; configuration: Configuration },
  source: Identity,
): Create | null {
  if (create === null || configuration.type !== "vfio_ap-passthrough") return create;
  const attributes = assignments(source.facts);
  if (attributes.length === 0) return create;
  const steps = attributes.map(({ name, value }) =>
    `echo ${value} > /sys/bus/mdev/devices/$uuid/${name}`
  );
  return { ...create, command: [`uuid=$(${create.command})`, ...steps].join("; "), attributes };
}

/** The values for the assign files: adapters and domains of the queues (`05.0004`), and control domains. */
function assignments(
  { guestMatrix, controlDomains }: Identity["facts"],
): { name: string; value: string }[] {
  const queues = texts(guestMatrix).map((queue) => queue.split("."));
  const each = (name: string, values: readonly (string | undefined)[]) =>
    [...new Set(values)].filter((value) => /^[0-9a-f]+$/.test(value ?? ""))
      .map((value) => ({ name, value: `0x${value}` }));
  return [
    ...each("assign_adapter", queues.map(([adapter]) => adapter)),
    ...each("assign_domain", queues.map(([, domain]) => domain)),
    ...each("assign_control_domain", texts(controlDomains)),
  ];
}

function texts(fact: unknown): string[] {
  return Array.isArray(fact) ? fact.filter((item) => typeof item === "string") : [];
}
