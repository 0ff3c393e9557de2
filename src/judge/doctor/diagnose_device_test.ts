import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { deviceExamination, functionDevice } from "../../../tests/fixtures/doctor_examination.ts";
import { mttyDevice } from "../../../tests/fixtures/snapshot.ts";
import { type Device, MIGRATION_UNKNOWN } from "../../documents/mod.ts";
import { diagnoseDevice } from "./diagnose_device.ts";
import type { DeviceExamination } from "./examination.ts";

const MLX5 = { module: "mlx5_vfio_pci", driver: "mlx5_vfio_pci" };
const V2 = { ...mttyDevice().migration, dirtyTracking: "device" as const };
const asked = (outcome: string, change: Partial<DeviceExamination["asked"]> = {}) => ({
  device: functionDevice(null).id,
  outcome,
  sentence: "the kernel answered ENODEV",
  remedy: null,
  check: { step: "open", errno: "ENODEV" },
  ...change,
});
/** A function that was not asked. */
const unknown = (driver: string, change: Partial<Device> = {}) =>
  functionDevice(driver, { migration: MIGRATION_UNKNOWN, ...change });

interface Case {
  what: string;
  device: Device;
  rest?: Partial<DeviceExamination>;
  can: "yes" | "no" | "unknown";
  /** The expected codes, in order. */
  codes: readonly string[];
  /** Texts that the findings must contain. */
  words?: readonly string[];
}

const CASES: readonly Case[] = [
  { what: "a healthy device", device: mttyDevice({ migration: V2 }), can: "yes", codes: [] },
  {
    what: "a virtual function on vfio-pci that the kernel has a variant driver for",
    device: functionDevice("vfio-pci"),
    rest: { variant: MLX5 },
    can: "no",
    codes: ["VariantDriverNotBound"],
    words: [
      "driverctl set-override 0000:41:00.1 mlx5_vfio_pci",
      "echo 0000:41:00.1 > /sys/bus/pci/devices/0000:41:00.1/driver/unbind",
    ],
  },
  {
    what: "the same, not asked",
    device: unknown("vfio-pci"),
    rest: { variant: MLX5 },
    can: "no",
    codes: ["VariantDriverNotBound"],
  },
  {
    what: "the same in use, so rebinding must wait",
    device: unknown("vfio-pci", { use: { state: "in-use", holder: null } }),
    rest: { variant: MLX5 },
    can: "no",
    codes: ["VariantDriverNotBound"],
    words: ["Once no virtual machine uses it"],
  },
  {
    what: "a function on a vendor's vfio-pci that can migrate, despite a variant driver",
    device: functionDevice("vfio-pci", { migration: V2 }),
    rest: { variant: MLX5 },
    can: "yes",
    codes: [],
  },
  {
    what: "a function whose port is not migratable",
    device: functionDevice("mlx5_vfio_pci"),
    rest: { variant: MLX5 },
    can: "no",
    codes: ["DeviceNotMigratable"],
    words: [
      "echo 0000:41:00.1 > /sys/bus/pci/drivers/mlx5_vfio_pci/unbind; " +
      "devlink dev eswitch set pci/0000:41:00.0 mode switchdev; " +
      "devlink port function set pci/0000:41:00.0/PORT migratable enable",
      "ENOTTY",
    ],
  },
  {
    what: "a driver that can migrate since a newer kernel",
    device: functionDevice("virtio_vfio_pci"),
    can: "no",
    codes: ["KernelTooOld"],
    words: ["Boot Linux 6.13", "likely"],
  },
  {
    what: "an old kernel's driver that can migrate, despite its version",
    device: functionDevice("virtio_vfio_pci", { migration: V2 }),
    rest: { kernel: "5.14.0-570.el9" },
    can: "yes",
    codes: [],
  },
  {
    what: "a function that a newer kernel has a variant driver for",
    device: functionDevice("vfio-pci"),
    rest: { kernel: "5.15.0", upstream: { ...MLX5, since: "5.18" } },
    can: "no",
    codes: ["KernelTooOld"],
    words: ["Boot Linux 5.18"],
  },
  {
    what: "a function whose variant driver this kernel lacks",
    device: functionDevice("vfio-pci"),
    rest: { upstream: { ...MLX5, since: "5.18" } },
    can: "no",
    codes: ["VariantDriverMissing"],
    words: ["modprobe mlx5_vfio_pci", "CONFIG_MLX5_VFIO_PCI=m"],
  },
  {
    what: "a physical function with virtual functions",
    device: functionDevice("vfio-pci", {
      pci: {
        ...functionDevice(null).pci!,
        function: "physical",
        virtualFunctions: ["0000:41:00.2"],
      },
    }),
    can: "no",
    codes: ["PhysicalFunction"],
  },
  {
    what: "an unknown driver",
    device: functionDevice("acme_vfio"),
    can: "no",
    codes: ["NoMigration"],
    words: ["acme_vfio: the driver answered"],
  },
  {
    what: "a sample without migration",
    device: mttyDevice({
      driver: functionDevice("mdpy").driver,
      migration: functionDevice("x").migration,
    }),
    can: "no",
    codes: ["DriverHasNoMigration"],
    words: ["mtty"],
  },
  {
    what: "a device in use without an idle device of its kind",
    device: unknown("mlx5_vfio_pci", {
      use: { state: "in-use", holder: { pid: 7, name: "qemu", node: "/dev/vfio/25" } },
    }),
    can: "unknown",
    codes: ["InUse"],
    words: ["/proc/7/comm"],
  },
  {
    what: "a new device",
    device: unknown("mlx5_vfio_pci"),
    rest: { settling: true },
    can: "unknown",
    codes: ["Settling"],
    words: ["--settle 0"],
  },
  {
    what: "a device that must not be asked",
    device: unknown("mlx5_vfio_pci"),
    rest: { mayAsk: false },
    can: "unknown",
    codes: ["NotAsked"],
    words: ["--probe never"],
  },
  {
    what: "a plain driver that was not asked, but whose answer is predictable",
    device: unknown("vfio-pci"),
    rest: { mayAsk: false },
    can: "unknown",
    codes: ["DriverHasNoMigration", "NotAsked"],
  },
  {
    what: "a device that failed to open",
    device: unknown("mlx5_vfio_pci"),
    rest: { asked: asked("failed") },
    can: "unknown",
    codes: ["OpenRefused"],
    words: ["ENODEV", "dmesg"],
  },
  {
    what: "a device without permission to open it",
    device: unknown("mlx5_vfio_pci"),
    rest: { asked: asked("not-permitted", { remedy: "Run vfio-ask as root." }) },
    can: "unknown",
    codes: ["NotPermitted"],
    words: ["as root"],
  },
  {
    what: "a device whose driver is stuck",
    device: unknown("mlx5_vfio_pci"),
    rest: { asked: asked("stuck") },
    can: "unknown",
    codes: ["Stuck"],
  },
  {
    what: "a device without a node",
    device: unknown("mlx5_vfio_pci", { nodes: { cdev: null, group: null } }),
    can: "unknown",
    codes: ["NoNode"],
    words: ["modprobe"],
  },
  {
    what: "a device whose holders are not visible",
    device: unknown("mlx5_vfio_pci", { use: { state: "unknown", holder: null } }),
    can: "unknown",
    codes: ["HoldersUnknown"],
  },
  {
    what: "a group with a device on a host driver",
    device: unknown("mlx5_vfio_pci"),
    rest: {
      asked: asked("not-viable"),
      strangers: [{ id: "0000:41:00.5", driver: "snd_hda_intel" }],
    },
    can: "no",
    codes: ["GroupNotViable"],
    words: ["0000:41:00.5 (snd_hda_intel)", "driverctl set-override 0000:41:00.5 vfio-pci"],
  },
  {
    what: "a group that is not viable for an unknown reason",
    device: unknown("mlx5_vfio_pci"),
    rest: { asked: asked("not-viable") },
    can: "no",
    codes: ["GroupNotViable"],
    words: ["/sys/kernel/iommu_groups/25/devices"],
  },
  {
    what: "a device without an IOMMU",
    device: functionDevice("mlx5_vfio_pci", {
      migration: V2,
      nodes: { cdev: null, group: "/dev/vfio/noiommu-25" },
    }),
    can: "no",
    codes: ["NoIommuMode"],
    words: ["intel_iommu=on"],
  },
  {
    what: "an SR-IOV function without a vGPU type",
    device: unknown("nvidia", { facts: { vgpuType: null } }),
    can: "no",
    codes: ["NoVgpuType"],
    words: ["current_vgpu_type", "creatable_vgpu_types"],
  },
  {
    what: "a device whose version cannot be read",
    device: mttyDevice({
      migration: V2,
      version: { path: "/sys/x/migration_version", version: null, errno: "ENODEV" },
    }),
    can: "no",
    codes: ["VersionUnreadable"],
    words: ["ENODEV", "/sys/x/migration_version"],
  },
  {
    what: "a device that needs a reset",
    device: functionDevice("mlx5_vfio_pci", {
      migration: V2,
      trouble: { code: "needs-reset", sentence: "it was left in a state other than RUNNING" },
    }),
    can: "no",
    codes: ["NeedsReset"],
    words: ["vfio-ask recover 0000:41:00.1."],
  },
  {
    what: "an mdev that did not recover by a reset",
    device: mttyDevice({ trouble: { code: "needs-reset", sentence: "it was left in RESUMING" } }),
    can: "no",
    codes: ["NeedsReset"],
    words: ["vfio-ask recover --remake 83b8f4f2"],
  },
  {
    what: "a device that its last user left in RESUMING",
    device: mttyDevice({ trouble: { code: "not-running", sentence: "it is in RESUMING" } }),
    can: "no",
    codes: ["NotRunning"],
    words: ["vfio-ask recover 83b8f4f2"],
  },
  {
    what: "a device with a process stuck in its driver",
    device: mttyDevice({
      migration: V2,
      trouble: { code: "stuck", sentence: "process 7 is stuck in the driver" },
    }),
    can: "no",
    codes: ["Stuck"],
  },
  {
    what: "a driver with uapi v1",
    device: mttyDevice({ migration: { ...V2, uapi: "v1", features: [], dirtyTracking: "iommu" } }),
    can: "yes",
    codes: ["OnlyV1"],
    words: ["7.2"],
  },
  {
    what: "a driver with the minimum of features",
    device: mttyDevice({ migration: { ...V2, features: ["stop-copy"], dirtyTracking: "none" } }),
    can: "yes",
    codes: ["DirtyTrackingMissing", "NoP2p", "NoPreCopy"],
    words: ["-device vfio-pci,enable-migration=on"],
  },
  {
    what: "a driver whose DMA logging starts but cannot report",
    device: mttyDevice({
      migration: {
        ...V2,
        dirtyTracking: "none",
        dmaLogging: "cannot-report",
        checks: [{ step: "DMA_LOGGING_REPORT", errno: "EOPNOTSUPP" }],
      },
    }),
    can: "yes",
    codes: ["DirtyTrackingFails"],
    words: [
      "starts but cannot report",
      "fails midway",
      "vfio-pci,enable-migration=on,x-device-dirty-page-tracking=off",
      "EOPNOTSUPP",
    ],
  },
  {
    what: "a device that no QEMU migrates",
    device: mttyDevice({ migration: { ...V2, dirtyTracking: "none" }, deviceApi: "vfio-ap" }),
    can: "unknown",
    codes: ["QemuUnmigratable"],
    words: ["unmigratable"],
  },
  {
    what: "a device whose dirty pages only the IOMMU tracks",
    device: mttyDevice({ migration: { ...V2, dirtyTracking: "iommu" } }),
    can: "yes",
    codes: ["IommufdNeeded"],
    words: ["iommufd"],
  },
];

for (const { what, device, rest = {}, can, codes, words = [] } of CASES) {
  Deno.test(`diagnoseDevice() of ${what}: ${codes.join(", ") || can}`, () => {
    const { id, canMigrate, findings } = diagnoseDevice(deviceExamination(device, rest));
    assertEquals([id, canMigrate], [device.id, can]);
    assertEquals(findings.map(({ code }) => code), codes);
    for (const word of words) assertStringIncludes(JSON.stringify(findings), word);
    for (const { sentence, remedy, subject } of findings) {
      assertEquals(subject, device.id);
      assert(sentence.startsWith(`${device.driver?.name ?? "mtty"}: `), sentence);
      assert(remedy !== null && /^[A-Z]/.test(remedy), remedy ?? "no remedy");
    }
  });
}
