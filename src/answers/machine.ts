import type { Identity, Reason, VirtualMachine } from "../documents/mod.ts";
import type { Together } from "../judge/joint/mod.ts";

/**
 * The sources of a virtual machine, each with what the document says about the whole machine: its monitor, and the
 * libvirt of its host. What a source says itself decides. Pure.
 */
export function sourcesOf({ sources, vmm, libvirt }: VirtualMachine): Identity[] {
  const version = libvirt?.version ?? null;
  return sources.map((source) => {
    const own = source.vmm ?? {};
    const { qemu = null, machineType = null } = vmm ?? {};
    const facts = source.host.facts ?? {};
    return {
      ...source,
      ...(vmm === null ? {} : {
        vmm: { ...own, qemu: own.qemu ?? qemu, machineType: own.machineType ?? machineType },
      }),
      ...(version === null || typeof facts.libvirt === "string"
        ? {}
        : { host: { ...source.host, facts: { ...facts, libvirt: version } } }),
    };
  });
}

/**
 * Why it is not certain that the sources are all VFIO devices of the machine: problems that may hide a device, and
 * devices that only the domain XML names. Pure. Throws a `Failure` if the XML cannot be read.
 */
export async function devicesNotKnown(machine: VirtualMachine): Promise<Reason[]> {
  const { name, sources, problems, libvirt } = machine;
  const known = new Set(sources.map(({ id }) => id.toLowerCase()));
  const xml = libvirt?.xml ?? null;
  // A problem of a known device hides no other, and neither does XML that was left out.
  const hiding = problems.filter(({ code, subject }) =>
    !known.has(subject.toLowerCase()) &&
    !(code === "not-permitted" && subject === name && xml === null)
  );
  const unnamed = xml === null ? [] : await devicesOf(xml);
  return [
    ...hiding.map(({ sentence, subject }) => notKnown(name, sentence, subject)),
    ...unnamed.filter((id) => !known.has(id)).map((id) =>
      notKnown(name, `its XML names ${id}, which has no identity`, id)
    ),
  ];
}

async function devicesOf(xml: string): Promise<string[]> {
  // Loaded on demand: most questions have no XML.
  const { readDomainXml } = await import("../vms/mod.ts");
  return readDomainXml(xml).hostdevs.map(({ id }) => id);
}

function notKnown(name: string, why: string, source: string): Reason {
  return {
    code: "DevicesNotKnown",
    sentence: `${name}: not all its VFIO devices are known: ${why}`,
    source,
    host: null,
  };
}

/** The answer for a machine of which not all devices are known: no plan is certain then. */
export function withDoubt(together: Together, reasons: readonly Reason[]): Together {
  if (reasons.length === 0 || together.verdict === "incompatible") return together;
  return {
    ...together,
    verdict: "unknown",
    plans: together.plans.map((plan) => ({
      ...plan,
      verdict: "unknown",
      reasons: [...reasons, ...plan.reasons],
    })),
  };
}
