import { join } from "@std/path";
import { parsePciAddress } from "../../documents/mod.ts";
import { parseHex } from "../attribute.ts";
import { readText } from "./fact.ts";
import type { FactReader } from "./reader.ts";

/**
 * Facts of a virtual function, or of an mdev or vGPU on a PCI function: `parentDevice` (`8086:5912`), `parentRevision`
 * and `parentSubsystem` of its parent.
 *
 * Two drivers have nothing else. i915 GVT-g uses the same type names on different generations of hardware, and only the
 * parent's ids distinguish them (`drivers/gpu/drm/i915/gvt/vgpu.c`); its only other attribute, `intel_vgpu/vgpu_id` of
 * an mdev, is a serial number. pds_vfio_pci has nothing in sysfs: only devlink reports its firmware version
 * (`drivers/net/ethernet/amd/pds_core/devlink.c`).
 *
 * Source: `<parent>/{vendor,device,revision,subsystem_vendor,subsystem_device}`, `drivers/pci/pci-sysfs.c`; `revision`
 * since 4.10, the others in every 2.6.
 */
export const PARENT: FactReader = {
  name: "parent",
  of: "parent",
  appliesTo: ({ parent }) => parent !== null && parsePciAddress(parent.id) !== null,
  read: ({ parent }) => {
    const id = (name: string) => parseHex(readText(join(parent!.path, name)));
    return {
      parentDevice: pair(id("vendor"), id("device")),
      parentRevision: id("revision"),
      parentSubsystem: pair(id("subsystem_vendor"), id("subsystem_device")),
    };
  },
};

function pair(vendor: string | null, device: string | null): string | null {
  return vendor === null || device === null ? null : `${vendor}:${device}`;
}
