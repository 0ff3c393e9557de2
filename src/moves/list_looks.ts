import type { VirtualMachine } from "../documents/mod.ts";
import type { Plan } from "../judge/joint/mod.ts";
import { readDomainXml } from "../vms/mod.ts";
import type { Landing } from "./landing.ts";

/** What a person still has to look at before the migration, one sentence each. */
export function listLooks(
  { plan, landings, machine, xml }: {
    plan: Plan;
    landings: readonly Landing[];
    machine: VirtualMachine | null;
    xml: string | null;
  },
): string[] {
  const freed = plan.reasons.filter(({ code }) => code === "MustBeFreed");
  const needs = plan.needs.filter(({ state }) => state !== "met");
  return [
    ...freed.map(({ sentence }) => sentence),
    ...needs.map(({ source, state, sentence, option }) =>
      `${source}: ${state} need: ${sentence}${
        option === null
          ? ""
          : ` (QEMU: ${option.qemu}${
            option.libvirt === null ? "" : `; libvirt: ${option.libvirt}`
          })`
      }`
    ),
    ...landings.flatMap(lookAtFunction),
    ...(xml === null ? [] : lookAtManaged(xml, landings)),
    ...(machine === null ? [] : [
      "The domain is transient on the destination: for a persistent one, add --persistent, " +
      "--persistent-xml with the same file, and --undefinesource.",
    ]),
    ...(machine !== null && xml === null
      ? ["The domain XML is not known: libvirt does not manage the machine, or did not answer."]
      : []),
  ];
}

/** A virtual function has settings of its physical function, which the guest does not bring along. */
function lookAtFunction({ source, device, type }: Landing): string[] {
  // 02: a network controller.
  const isNetwork = source.pciConfig === null || source.pciConfig.class.startsWith("02");
  if (source.kind !== "pci" || type !== null || !isNetwork) return [];
  return [
    `${device}: its MAC address, VLAN, trust and spoof checking come from its physical function. ` +
    `Compare them on both hosts with: ip link show`,
  ];
}

/** libvirt before 10.0 binds a managed device to vfio-pci, which cannot migrate it. */
function lookAtManaged(xml: string, landings: readonly Landing[]): string[] {
  return readDomainXml(xml).hostdevs
    .filter(({ id, type, managed }) =>
      type === "pci" && managed === true && landings.some(({ source }) => source.id === id)
    )
    .map(({ id }) =>
      `${id} is managed='yes': libvirt before 10.0 binds it to vfio-pci, whose devices do not migrate.`
    );
}
