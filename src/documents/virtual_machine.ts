import * as z from "zod/mini";
import { Host, Identity } from "./identity.ts";
import type { Known } from "./known.ts";
import { Problem } from "./problem.ts";
import { type DocumentKind, readDocument } from "./read_document.ts";
import { readAs } from "./read_as.ts";
import { RunningVmm } from "./running_vmm.ts";
import { VM_SCHEMA } from "./schemas.ts";
import { Count, Name } from "./text.ts";

/** The most devices of one virtual machine. A plan for so many is exact and takes only a moment. */
export const MAX_SOURCES = 16;

/** The largest domain XML that is read. */
export const MAX_XML_LENGTH = 1 << 20;

/** How libvirt manages a virtual machine. */
export const LibvirtDomain = z.lazy(() =>
  z.looseObject({
    /** The version of the libvirt daemon, `11.3.0`. */
    version: z.nullable(Name),
    /** The migratable domain XML, as `virsh dumpxml --migratable` prints it. */
    xml: z.nullable(z.string().check(z.maxLength(MAX_XML_LENGTH))),
  })
);
export type LibvirtDomain = Known<z.infer<typeof LibvirtDomain>>;

/**
 * A virtual machine with the identities of all its VFIO devices, to ask another host about all of them together. A source
 * is the device of the host that a `<hostdev>` of the domain XML, or an argument of QEMU, names: its `id`.
 */
export const VirtualMachine = z.lazy(() =>
  z.looseObject({
    schema: z.literal(VM_SCHEMA),
    name: Name,
    uuid: z.nullable(Name),
    host: Host,
    state: z.enum(["running", "off"]),
    /** The process of QEMU; null if the machine is off. */
    pid: z.nullable(Count),
    /** The monitor that runs the machine. Each source's own `vmm` also has what differs by device. */
    vmm: z.nullable(RunningVmm),
    /** Null if libvirt does not manage the machine, or is not known to. */
    libvirt: z.nullable(LibvirtDomain),
    sources: z.array(Identity).check(z.minLength(1), z.maxLength(MAX_SOURCES)),
    /** What could not be read, for example a device that is gone. */
    problems: z.array(Problem),
  })
);
export type VirtualMachine = Known<z.infer<typeof VirtualMachine>>;

const VM_DOCUMENT: DocumentKind<VirtualMachine> = {
  name: "virtual machine",
  schema: VM_SCHEMA,
  read: (document, base) => readAs(VirtualMachine, document, base),
  remedy: `Give a document of schema ${VM_SCHEMA}, as vfio-ask identity --vm NAME prints it.`,
};

/** Reads a virtual machine with its sources; see {@link readDocument}. */
export function readVirtualMachine(
  document: unknown,
  base: readonly PropertyKey[] = [],
): VirtualMachine {
  return readDocument(VM_DOCUMENT, document, base);
}
