import * as z from "zod/mini";
import type { Known } from "./known.ts";
import { Problem } from "./problem.ts";
import { ON_OFF_AUTO, VMM_BACKENDS, VMM_PCI_BUSES } from "./running_vmm.ts";
import { Count, Name, Text } from "./text.ts";
import { LibvirtDomain } from "./virtual_machine.ts";

/** The value of a property of type OnOffAuto; `default` if nobody sets it, null if unknown. */
const GivenOnOffAuto = z.lazy(() => z.nullable(z.enum([...ON_OFF_AUTO, "default"])));
export type GivenOnOffAuto = Known<z.infer<typeof GivenOnOffAuto>>;

/** How a machine uses a device. Null is unknown. */
export const DeviceOptions = z.lazy(() =>
  z.looseObject({
    pciBus: z.nullable(z.enum(VMM_PCI_BUSES)),
    backend: z.nullable(z.enum(VMM_BACKENDS)),
    enableMigration: GivenOnOffAuto,
    deviceDirtyPageTracking: GivenOnOffAuto,
  })
);
export type DeviceOptions = Known<z.infer<typeof DeviceOptions>>;

/** A device that a machine names: by its name in sysfs, or by the node that QEMU was given. */
export const FoundDevice = z.lazy(() =>
  z.looseObject({ id: z.nullable(Name), node: z.nullable(Text), options: DeviceOptions })
);
export type FoundDevice = Known<z.infer<typeof FoundDevice>>;

/** A virtual machine of this host as its process and libvirt describe it, before the devices are looked up. */
export const FoundMachine = z.lazy(() =>
  z.looseObject({
    name: Name,
    uuid: z.nullable(Name),
    state: z.enum(["running", "off"]),
    pid: z.nullable(Count),
    /** Whether QEMU was started to receive a migration. It may have ended long ago. */
    incoming: z.boolean(),
    /** The version of QEMU that runs the machine. */
    qemu: z.nullable(Name),
    /** With its version; null if only a type without version is known. */
    machineType: z.nullable(Name),
    libvirt: z.nullable(LibvirtDomain),
    devices: z.array(FoundDevice),
    problems: z.array(Problem),
  })
);
export type FoundMachine = Known<z.infer<typeof FoundMachine>>;

/** The virtual machines of this host that use VFIO devices, and what could not be read. */
export const FoundMachines = z.lazy(() =>
  z.looseObject({ machines: z.array(FoundMachine), problems: z.array(Problem) })
);
export type FoundMachines = Known<z.infer<typeof FoundMachines>>;
