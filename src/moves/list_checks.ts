import { parsePciAddress } from "../documents/mod.ts";
import type { MovedMachine, SettledPlan } from "./question.ts";

/** What no plan knows, and has to be looked at before a migration: one sentence each. Pure. */
export function listChecks(
  { placements, needs }: SettledPlan,
  { vm, xml }: { vm: MovedMachine | null; xml: string | null },
): string[] {
  const functions = placements.filter(({ target }) => parsePciAddress(target) !== null);
  const vgpus = functions.filter(({ configuration: { kind } }) => kind === "vgpu-type");
  const names = functions.map(({ target }) => target).join(", ");
  return [
    ...needs.filter(({ state }) => state !== "met").map(({ source, state, sentence, option }) => {
      const how = option === null ? "" : `. Set it with ${option.libvirt ?? option.qemu}`;
      return `A need of ${source} is ${state}: ${sentence}${how}.`;
    }),
    ...(functions.length === 0 ? [] : [
      `${names}: if it is a virtual function of a network adapter, compare MAC, VLAN, trust and spoofchk with the ` +
      "source's (ip link show). libvirt sets MAC and VLAN only for <interface type='hostdev'>.",
      `${names}: the driver that can migrate must be bound. With managed='yes', libvirt before 10.0 binds vfio-pci.`,
    ]),
    ...(vgpus.length === 0 ? [] : [
      "SR-IOV of the adapter must be on, so that the virtual functions exist.",
    ]),
    ...(vm === null
      ? [
        "Only the devices were given: write the targets into the XML of the virtual machine. A document of vfio-ask " +
        "identity --vm gives the XML.",
      ]
      : xml === null
      ? ["The domain XML is not known: start QEMU on the destination with the targets of the plan."]
      : libvirtChecks(vm, xml)),
  ];
}

/** What libvirt may refuse for reasons that have nothing to do with VFIO. */
function libvirtChecks({ state }: MovedMachine, xml: string): string[] {
  return [
    "The CPU model of the XML must be there on the destination (virsh cpu-compare).",
    "The limit of locked memory on the destination must allow all memory of the virtual machine.",
    ...(/<hostdev\b[^>]*\btype=['"](?:usb|scsi|scsi_host)['"]/.test(xml)
      ? ["The XML has host devices that are not VFIO: the destination must have them too."]
      : []),
    ...(state === "off"
      ? ["The machine is off: the command defines it on the destination. Its disks do not move."]
      : [
        "Afterwards the source keeps the definition. Add --persistent --undefinesource to move it.",
      ]),
  ];
}
