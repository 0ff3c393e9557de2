import { join } from "@std/path";
import { lastPart, readLink } from "../attribute.ts";
import { listNames, readCount, unlessRefused } from "./fact.ts";
import { type FactReader, isFunctionOf } from "./reader.ts";
import { remembered } from "../scan_cache.ts";

/**
 * Fact of a function of xe_vfio_pci: `vramQuotaBytes`, the memory assigned to it.
 *
 * The descriptor that a load compares (`drivers/gpu/drm/xe/xe_sriov_packet.c`, 6.19) holds the device id and the
 * revision of the physical function, which are `parentDevice` and `parentRevision`.
 *
 * Source: `<pf>/sriov_admin/vfN/profile/vram_quota`, in bytes, where `vfN/device` links to the function;
 * `drivers/gpu/drm/xe/xe_sriov_pf_sysfs.c`. The folder exists since 6.19, this attribute since 7.0, for devices with
 * their own memory (`Documentation/ABI/testing/sysfs-driver-intel-xe-sriov`).
 */
export const XE: FactReader = {
  name: "xe",
  of: "subject",
  appliesTo: (subject) => isFunctionOf("xe_vfio_pci")(subject) && subject.device !== null,
  read: ({ cache, parent, device }) => {
    const { id, path } = parent!;
    const admins = remembered(cache, `xe ${id}`, () => readAdminFolders(join(path, "sriov_admin")));
    const admin = admins.get(device!.id);
    return {
      vramQuotaBytes: admin === undefined ? null : readCount(join(admin, "profile/vram_quota")),
    };
  },
};

/** The administration folder of each function, by address. */
function readAdminFolders(folder: string): ReadonlyMap<string, string> {
  const names = listNames(folder).filter((name) => /^vf\d+$/.test(name));
  return new Map(names.flatMap((name) => {
    const link = unlessRefused(() => readLink(join(folder, name, "device")));
    return link === null ? [] : [[lastPart(link), join(folder, name)] as const];
  }));
}
