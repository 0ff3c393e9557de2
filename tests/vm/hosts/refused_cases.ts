/** Pairs and options that `vfio-ask ask` refuses, or does not offer now: each migration fails as predicted. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { VmCase } from "../case.ts";
import { askAbout, offerOf, verdictOn } from "./asking.ts";
import { assertStayed, migrate, removeDomain, startDomain } from "./domain.ts";
import { hosta, hostb } from "./host.ts";
import { MDPY_B, MTTY_2_B, WIDE } from "./machines.ts";

/** A virtual machine of hostb that uses its mtty-2. */
const OTHER = {
  name: "other",
  uuid: "cccccccc-0000-4000-8000-000000000009",
  mdevs: [MTTY_2_B],
};
const NOT_THERE = "22222222-0000-4000-8000-0000000000ff";
const [MDEV] = WIDE.mdevs;

/** Migrates to a device of hostb, which must fail with this message, and leave the virtual machine where it is. */
async function mustFail(target: string, message: string): Promise<void> {
  const ran = await migrate(hosta, WIDE.name, { [MDEV]: target });
  assertEquals(ran.code, 1);
  assertStringIncludes(ran.stderr, message);
  await assertStayed(hosta, WIDE.name);
}

/** Options of the source's QEMU that stop a migration, with the reason and libvirt's message. */
const OPTIONS = [
  {
    options: { "enable-migration": "off" },
    said: "--enable-migration off",
    code: "MigrationDisabled",
    message: "Migration is disabled for VFIO device",
  },
  {
    options: { "x-device-dirty-page-tracking": "off" },
    said: "--enable-migration auto --device-dirty-page-tracking off",
    code: "DirtyTrackingMissing",
    message: "VFIO device doesn't support device and IOMMU dirty tracking",
  },
] as const;

export const REFUSED_CASES: readonly VmCase[] = [
  {
    name:
      "mtty-2 to mdpy-vga is refused by vfio-ask, and fails when the destination loads the device",
    async run() {
      await startDomain(hosta, WIDE);
      const { verdict, codes } = verdictOn(await askAbout(MDEV), MDPY_B);
      assertEquals(verdict, "incompatible");
      assertEquals(codes.slice(0, 2), ["TypeDiffers", "TargetCannotMigrate"]);
      await mustFail(MDPY_B, "load of migration failed: Invalid argument");
    },
  },
  {
    name: "a device in use is not offered now, and libvirt does not give it to a second machine",
    async run() {
      await startDomain(hostb, OTHER);
      const offer = offerOf(await askAbout(MDEV), MTTY_2_B);
      assertEquals(offer?.availability.now ?? false, false);
      await mustFail(MTTY_2_B, "is in use by driver QEMU, domain other");
      await removeDomain(hostb, OTHER.name);
    },
  },
  {
    name: "a device that does not exist is not known, and libvirt does not find it",
    async run() {
      assertEquals(verdictOn(await askAbout(MDEV), NOT_THERE), undefined);
      await mustFail(NOT_THERE, `mediated device '${NOT_THERE}' not found`);
      await removeDomain(hosta, WIDE.name);
    },
  },
  ...OPTIONS.map(({ options, said, code, message }): VmCase => ({
    name: `a source with ${said} is refused by vfio-ask, and by libvirt`,
    async run() {
      await startDomain(hosta, { ...WIDE, options });
      const { verdict, codes } = verdictOn(
        await askAbout(MDEV, {
          identity: `${said} --machine-type pc-q35-10.0 --backend container --qemu-version 10.0.13`,
        }),
        MTTY_2_B,
      );
      assertEquals([verdict, codes.includes(code)], ["incompatible", true]);
      await mustFail(MTTY_2_B, message);
      await removeDomain(hosta, WIDE.name);
    },
  })),
];
