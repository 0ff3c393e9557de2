import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Configuration, DeviceKind, Identity } from "../../documents/mod.ts";
import { mttyIdentity } from "../../../tests/fixtures/identity.ts";
import { judgeRule, type RuleFinding } from "./judge_rule.ts";
import { parseRules } from "./parse_rules.ts";
import { findRule, prepareRules, type TargetHolder } from "./prepare_rules.ts";
import { shippedRules } from "./shipped_rules.ts";

const SHIPPED = new URL("./shipped/", import.meta.url);

Deno.test("shippedRules() has every shipped file, ordered by name", () => {
  const there = [...Deno.readDirSync(SHIPPED)].map(({ name }) => name).toSorted();
  assertEquals(shippedRules().map(({ name }) => name), there);
});

for (const { name, document } of shippedRules()) {
  Deno.test(`parseRules() accepts the shipped ${name}`, () => {
    const { document: read, errors = [] } = parseRules(
      Deno.readTextFileSync(new URL(name, SHIPPED)),
    );
    assertEquals(errors, []);
    assertEquals(read, document);
    assert((read?.references ?? []).length > 0, `${name} has references`);
    for (const sentence of sentencesOf(read)) {
      assert(sentence.length < 120, `short enough to read: ${sentence}`);
      assertMatch(
        sentence,
        /^(?![A-Z][a-z]).*[^.]$/,
        "follows the vendor's name, without a full stop",
      );
    }
  });
}

function sentencesOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "sentence" ? [String(inner)] : sentencesOf(inner)
  );
}

/** The parts of a source or a target that rules look at. */
interface Part {
  type: string;
  kind?: DeviceKind;
  driver?: string;
  facts?: Record<string, unknown>;
  configuration?: Configuration["kind"];
}

/** A source, a target, and the expected findings: the effect and code of each. */
interface Case {
  name: string;
  source: Part;
  target: Part;
  says: string[];
}

const HISI = "hisi_acc_vfio_pci:pci:v000019E5d0000A251sv00000000sd00000000bc12sc00i00";
const QAT = "qat_vfio_pci:pci:v00008086d00004941sv00008086sd00000000bc0Bsc40i00";
const XE = "xe-vfio-pci:pci:v00008086d0000E211sv00008086sd00001114bc03sc80i00";
const MLX5 = "mlx5_vfio_pci:pci:v000015B3d0000101Esv000015B3sd00000041bc02sc00i00";
const GVT = "i915-GVTg_V5_4";
const AP = "vfio_ap-passthrough";

const qat = (...services: string[]): Part => ({
  type: QAT,
  driver: "qat_vfio_pci",
  facts: { services, numRps: 64 },
});
const virtio: Part = {
  type: "virtio_vfio_pci:pci:v00001AF4d00001041",
  driver: "virtio_vfio_pci",
};
const mlx5 = (facts: Record<string, unknown>): Part => ({
  type: MLX5,
  driver: "mlx5_vfio_pci",
  facts: { firmware: "28.43.1014", boardId: "MT_0000000834", hcaType: "MT4129", ...facts },
});
const pds = (firmware: string): Part => ({
  type: "pds_vfio_pci:pci:v00001DD8d00001003",
  driver: "pds_vfio_pci",
  facts: { firmware },
});
const xe = (facts: Record<string, unknown>): Part => ({
  type: XE,
  driver: "xe-vfio-pci",
  facts: { parentDevice: "8086:e211", parentRevision: "00", ...facts },
});
const hisi = (facts: Record<string, unknown>): Part => ({
  type: HISI,
  driver: "hisi_acc_vfio_pci",
  facts: { api: "hisi_qm_v3", pfQueues: 256, numVfs: 3, ...facts },
});
const vgpu = (facts: Record<string, unknown>, part: Partial<Part> = {}): Part => ({
  type: "nvidia-232",
  kind: "mdev",
  driver: "nvidia-vgpu-vfio",
  facts: { typeName: "GRID T4-4Q", hostDriver: "550.90.05", vgpuParams: [], ...facts },
  ...part,
});
const gvt = (parentDevice: string): Part => ({
  type: GVT,
  kind: "mdev",
  driver: "intel_vgpu_mdev",
  facts: { parentDevice, parentRevision: "04" },
});
const ap = (...guestMatrix: string[]): Part => ({
  type: AP,
  kind: "mdev",
  driver: "vfio_ap_mdev",
  facts: { guestMatrix, cards: ["05 CEX7C"] },
});
const apType = (queues: string[], queuesFree: string[], cards = ["05 CEX7C"]): Part => ({
  type: AP,
  kind: "mdev",
  configuration: "mdev-type",
  facts: { queues, queuesFree, cards },
});

const CASES: Case[] = [
  {
    name: "mtty with the same number of ports",
    source: { type: "mtty-2", kind: "mdev", driver: "mtty" },
    target: { type: "mtty-2", kind: "mdev", driver: "mtty", configuration: "mdev-type" },
    says: ["accept RuleAccepts"],
  },
  {
    name: "mtty with a different number of ports",
    source: { type: "mtty-2", kind: "mdev", driver: "mtty" },
    target: { type: "mtty-1", kind: "mdev", driver: "mtty" },
    says: [],
  },
  {
    name: "HiSilicon functions with the same shares",
    source: hisi({}),
    target: hisi({}),
    says: ["unknown DriverDecides"],
  },
  {
    name: "HiSilicon functions of a different count",
    source: hisi({}),
    target: hisi({ numVfs: 7 }),
    says: ["unknown DriverDecides", "unknown QueuesMayDiffer"],
  },
  {
    name: "QAT with the same services",
    source: qat("asym", "sym"),
    target: qat("asym", "sym"),
    says: ["unknown DriverDecides"],
  },
  {
    name: "QAT with different services",
    source: qat("asym", "sym"),
    target: qat("dc"),
    says: ["unknown DriverDecides", "refuse ServicesDiffer (write EINVAL)"],
  },
  {
    name: "QAT from dc to dcc",
    source: qat("dc"),
    target: qat("dcc"),
    says: ["unknown DriverDecides"],
  },
  {
    name: "QAT from dcc to dc",
    source: qat("dcc"),
    target: qat("dc"),
    says: ["refuse CapabilitiesLacking (write EINVAL)"],
  },
  {
    name: "QAT with unknown services",
    source: qat("dc"),
    target: { ...qat(), facts: { services: null } },
    says: ["unknown DriverDecides", "unknown FactMissing"],
  },
  {
    name: "xe with the same device and revision",
    source: xe({}),
    target: xe({}),
    says: ["unknown DriverDecides"],
  },
  {
    name: "xe with a different revision",
    source: xe({}),
    target: xe({ parentRevision: "04" }),
    says: ["unknown DriverDecides", "refuse RevisionDiffers (write ENODEV)"],
  },
  {
    name: "xe with less video memory",
    source: xe({ vramQuotaBytes: 2 ** 32 }),
    target: xe({ vramQuotaBytes: 2 ** 31 }),
    says: [
      "unknown DriverDecides",
      "refuse MemoryTooSmall (restore video memory EINVAL)",
    ],
  },
  {
    name: "xe with more video memory",
    source: xe({ vramQuotaBytes: 2 ** 31 }),
    target: xe({ vramQuotaBytes: 2 ** 32 }),
    says: ["unknown DriverDecides", "unknown MemoryLarger"],
  },
  {
    name: "xe with unknown video memory",
    source: xe({ vramQuotaBytes: 2 ** 31 }),
    target: xe({ vramQuotaBytes: null }),
    says: ["unknown DriverDecides"],
  },
  {
    name: "mlx5 with the same firmware and PSID",
    source: mlx5({ linkLayer: "Ethernet" }),
    target: mlx5({ linkLayer: "Ethernet" }),
    says: ["unknown FirmwareDecides", "warn FunctionsAtATime"],
  },
  {
    name: "mlx5 with different firmware",
    source: mlx5({}),
    target: mlx5({ firmware: "28.39.1002" }),
    says: ["unknown FirmwareDecides", "unknown FirmwareDiffers", "warn FunctionsAtATime"],
  },
  {
    name: "mlx5 with a different PSID",
    source: mlx5({}),
    target: mlx5({ boardId: "MT_0000000359" }),
    says: ["unknown FirmwareDecides", "unknown AdapterDiffers", "warn FunctionsAtATime"],
  },
  {
    name: "mlx5 with unknown firmware and PSID",
    source: mlx5({}),
    target: mlx5({ firmware: null, boardId: null }),
    says: [
      "unknown FirmwareDecides",
      "unknown FactMissing",
      "unknown FactMissing",
      "warn FunctionsAtATime",
    ],
  },
  {
    name: "mlx5 on InfiniBand",
    source: mlx5({ linkLayer: "InfiniBand" }),
    target: mlx5({ linkLayer: "InfiniBand" }),
    says: [
      "unknown FirmwareDecides",
      "unknown LinkLayerUnsupported",
      "unknown LinkLayerUnsupported",
      "warn FunctionsAtATime",
    ],
  },
  {
    name: "virtio",
    source: virtio,
    target: virtio,
    says: ["unknown DeviceDecides"],
  },
  {
    name: "pds with the same firmware",
    source: pds("1.106.0-C-12"),
    target: pds("1.106.0-C-12"),
    says: ["unknown FirmwareDecides"],
  },
  {
    name: "pds with different firmware",
    source: pds("1.95.0-C-8"),
    target: pds("1.106.0-C-12"),
    says: ["unknown FirmwareDecides", "unknown FirmwareDiffers"],
  },
  {
    name: "NVIDIA with the same name and release",
    source: vgpu({}),
    target: vgpu({ vgpuParams: undefined }, { configuration: "mdev-type", driver: "nvidia" }),
    says: ["unknown FactMissing"],
  },
  {
    name: "NVIDIA with the same name and a different number",
    source: vgpu({}),
    target: vgpu({}, { type: "nvidia-1232" }),
    says: ["unknown FactMissing"],
  },
  {
    name: "NVIDIA with a different name and the same number",
    source: vgpu({}),
    target: vgpu({ typeName: "GRID T4-2Q" }),
    says: ["unknown TypeNameUnknown", "refuse TypeNameDiffers"],
  },
  {
    name: "NVIDIA with a different name and number",
    source: vgpu({}),
    target: vgpu({ typeName: "GRID T4-2Q" }, { type: "nvidia-231" }),
    says: [],
  },
  {
    name: "NVIDIA with a different release",
    source: vgpu({}),
    target: vgpu({ hostDriver: "570.133.10" }),
    says: ["unknown VgpuManagerDiffers", "unknown FactMissing"],
  },
  {
    name: "NVIDIA with the same declared ECC mode",
    source: vgpu({ eccMode: "enabled" }),
    target: vgpu({ eccMode: "enabled" }),
    says: ["accept RuleAccepts"],
  },
  {
    name: "NVIDIA with a different ECC mode",
    source: vgpu({ eccMode: "enabled" }),
    target: vgpu({ eccMode: "disabled" }),
    says: ["refuse EccDiffers"],
  },
  {
    name: "NVIDIA from an mdev to a function",
    source: vgpu({ eccMode: "enabled" }),
    target: vgpu({ eccMode: "enabled" }, { kind: "pci", driver: "nvidia" }),
    says: ["unknown BindingDiffers"],
  },
  {
    name: "NVIDIA with unified memory",
    source: vgpu({ eccMode: "enabled", vgpuParams: ["enable_uvm=1"] }),
    target: vgpu({ eccMode: "enabled" }),
    says: ["unknown VgpuParametersSet"],
  },
  {
    name: "GVT-g on the same GPU",
    source: gvt("8086:5912"),
    target: gvt("8086:5912"),
    says: ["unknown NoMigrationUpstream"],
  },
  {
    name: "GVT-g on a different GPU with the same type",
    source: gvt("8086:5912"),
    target: gvt("8086:1912"),
    says: ["unknown NoMigrationUpstream", "refuse DeviceDiffers"],
  },
  {
    name: "free AP queues",
    source: ap("05.0004", "05.0047"),
    target: apType(["05.0004", "05.0047", "06.0004"], ["05.0004", "05.0047"]),
    says: ["unknown NoMigrationUpstream"],
  },
  {
    name: "a missing AP queue",
    source: ap("05.0004", "05.00ab"),
    target: apType(["05.0004"], ["05.0004"]),
    says: ["unknown NoMigrationUpstream", "refuse QueueMissing", "unavailable QueueTaken"],
  },
  {
    name: "an AP queue in use",
    source: ap("05.0004", "05.0047"),
    target: apType(["05.0004", "05.0047"], ["05.0004"]),
    says: ["unknown NoMigrationUpstream", "unavailable QueueTaken"],
  },
  {
    name: "AP queues of a different card",
    source: ap("05.0004"),
    target: apType(["05.0004"], ["05.0004"], ["05 CEX6C"]),
    says: ["unknown NoMigrationUpstream", "unknown CardDiffers"],
  },
  {
    name: "an idle AP device with the same queues",
    source: ap("05.0004", "05.0047"),
    target: ap("05.0047", "05.0004"),
    says: ["unknown NoMigrationUpstream"],
  },
  {
    name: "an idle AP device with different queues",
    source: ap("05.0004"),
    target: ap("05.0004", "05.0047"),
    says: ["unknown NoMigrationUpstream", "refuse MatrixDiffers"],
  },
  {
    name: "a subchannel",
    source: { type: "vfio_ccw-io", kind: "mdev", facts: { busDevice: "0.0.1234" } },
    target: { type: "vfio_ccw-io", kind: "mdev", facts: { busDevice: "0.0.5678" } },
    says: ["unknown NoMigrationUpstream"],
  },
  {
    name: "plain vfio-pci",
    source: { type: "vfio-pci:pci:v00008086d000010CA", driver: "vfio-pci" },
    target: { type: "vfio-pci:pci:v00008086d000010CA", driver: "vfio-pci" },
    says: [],
  },
];

for (const { name, source, target, says } of CASES) {
  Deno.test(`shipped rules on ${name}: ${says.join(", ") || "no finding"}`, () => {
    assertEquals(findingsOf(source, target).map(toText), says);
  });
}

Deno.test("judgeRule() reports the firmware of both sides if it decides", () => {
  const part = (firmware: string): Part => ({
    type: MLX5,
    driver: "mlx5_vfio_pci",
    facts: { firmware, boardId: "MT_0000000834", hcaType: "MT4129" },
  });
  const [{ reason }] = findingsOf(part("28.43.1014"), part("28.39.1002")) as [RuleFinding];
  assertMatch(reason.sentence, /^mlx5_vfio_pci: /);
  assertEquals(reason.source, "firmware 28.43.1014, boardId MT_0000000834, hcaType MT4129");
  assertEquals(reason.host, "firmware 28.39.1002, boardId MT_0000000834, hcaType MT4129");
});

function findingsOf(from: Part, to: Part): RuleFinding[] {
  const source = sourceOf(from);
  const target = targetOf(to);
  const word = findRule(prepareRules(shippedRules(), source), source, target);
  return word === null ? [] : judgeRule(word, source, target);
}

function sourceOf({ type, kind = "pci", driver, facts = {} }: Part): Identity {
  return mttyIdentity({ type, kind, driver: driverOf(driver), facts, pciConfig: null });
}

function targetOf(
  { type, kind = "pci", driver, facts = {}, configuration = "device" }: Part,
): TargetHolder {
  const { deviceApi, host, migration } = mttyIdentity();
  return {
    configuration: { kind: configuration, type },
    kind,
    deviceApi,
    driver: driverOf(driver),
    parentDriver: null,
    facts,
    pciConfig: null,
    migration,
    host,
  };
}

function driverOf(name: string | undefined): Identity["driver"] {
  return name === undefined ? null : { name, module: name, version: null, srcversion: null };
}

function toText({ effect, reason: { code, check } }: RuleFinding): string {
  return `${effect} ${code}` + (check === undefined ? "" : ` (${check.step} ${check.errno})`);
}
