import { assertEquals } from "@std/assert";
import { spaceOf } from "../../../tests/fixtures/pci_space.ts";
import {
  type Device,
  type DeviceType,
  type Identity,
  type Migration,
  MIGRATION_UNKNOWN,
  type PciConfig,
  type Snapshot,
} from "../../documents/mod.ts";
import { shippedRules } from "../rules/mod.ts";
import { ask, candidateKey, listCandidates, reasonsNotToMigrate } from "./mod.ts";

const V2: Migration = {
  uapi: "v2",
  features: ["stop-copy", "p2p", "pre-copy"],
  arcs: [],
  stopCopyBytes: 96,
  dirtyTracking: "device",
  observed: "probed",
};
const NONE: Migration = {
  ...MIGRATION_UNKNOWN,
  uapi: "none",
  observed: "probed",
  checks: [{ step: "VFIO_DEVICE_FEATURE_MIGRATION", errno: "ENOTTY" }],
};
const DECODED: PciConfig = {
  vendor: "4348",
  device: "3253",
  revision: "10",
  class: "070002",
  subsystem: "4348:3253",
  capabilities: [],
  bars: [{ index: 0, size: 8, kind: "io", prefetchable: false }],
};
const PCI = pci();

/** mtty's configuration, or a different one. */
function pci(change: Partial<PciConfig> = {}): PciConfig {
  const decoded: PciConfig = { ...DECODED, ...change };
  return { ...decoded, space: spaceOf(decoded) };
}
const DRIVER = { name: "mtty", module: "mtty", version: "0.1", srcversion: "A1" };

function device(id: string, changes: Partial<Device> = {}): Device {
  return {
    id,
    kind: "mdev",
    sysfs: `/sys/devices/virtual/mtty/mtty/${id}`,
    type: "mtty-2",
    description: "mtty: Dual port serial",
    deviceApi: "vfio-pci",
    driver: DRIVER,
    parentDriver: DRIVER,
    parent: "mtty",
    modalias: null,
    pci: null,
    numaNode: null,
    iommuGroup: null,
    nodes: { cdev: null, group: "/dev/vfio/1" },
    since: 0,
    facts: {},
    use: { state: "idle", holder: null },
    migration: V2,
    pciConfig: PCI,
    ...changes,
  };
}

function type(name: string, changes: Partial<DeviceType> = {}): DeviceType {
  return {
    kind: "mdev-type",
    type: name,
    parent: "mtty",
    sysfs: `/sys/devices/virtual/mtty/mtty/mdev_supported_types/${name}`,
    name: null,
    description: null,
    deviceApi: "vfio-pci",
    driver: DRIVER,
    parentDriver: DRIVER,
    availableInstances: 9,
    instances: [],
    numaNode: null,
    facts: {},
    migration: V2,
    pciConfig: PCI,
    ...changes,
  };
}

function host(devices: Device[], types: DeviceType[] = []): Snapshot {
  return {
    schema: "vfio-ask/snapshot/v1",
    snapshot: 1,
    takenAt: "2026-01-01T00:00:00.000Z",
    host: { name: "hv-22", kernel: "6.12", bootId: "boot-22" },
    devices,
    types,
    rules: shippedRules().filter(({ name }) => name === "mtty.json"),
    problems: [],
  };
}

function source(changes: Partial<Identity> = {}): Identity {
  return {
    schema: "vfio-ask/identity/v1",
    id: "source",
    kind: "mdev",
    host: { name: "hv-17", kernel: "6.12", bootId: "boot-17" },
    type: "mtty-2",
    deviceApi: "vfio-pci",
    version: null,
    description: "mtty: Dual port serial",
    driver: DRIVER,
    parentDriver: DRIVER,
    facts: {},
    pciConfig: PCI,
    migration: V2,
    initialData: null,
    ...changes,
  };
}

const codes = (snapshot: Snapshot, identity: Identity = source()) => {
  const { offers, refusals } = ask(snapshot, identity);
  return {
    offers: offers.map(({ configuration: { id, type }, verdict, reasons }) =>
      [id ?? type, verdict, ...reasons.map(({ code }) => code)].join(" ")
    ),
    refusals: refusals.map(({ configuration: { id, type }, reasons }) =>
      [id ?? type, ...reasons.map(({ code }) => code)].join(" ")
    ),
  };
};

Deno.test("ask() offers an idle device before a type that has to be created", () => {
  assertEquals(codes(host([device("idle")], [type("mtty-2"), type("mtty-1")])), {
    offers: ["idle compatible SameType RuleAccepts", "mtty-2 compatible SameType RuleAccepts"],
    refusals: ["mtty-1 TypeDiffers"],
  });
});

Deno.test("ask() reports all reasons together", () => {
  const other = device("other", {
    type: "mdpy-vga",
    deviceApi: "vfio-platform",
    migration: NONE,
    pciConfig: pci({ vendor: "1b36", class: "030000" }),
  });
  const { refusals: [refusal] } = ask(host([other]), source());
  assertEquals(refusal!.reasons.map(({ code }) => code), [
    "TypeDiffers",
    "DeviceApiDiffers",
    "TargetCannotMigrate",
    "PciConfigDiffers",
  ]);
  assertEquals(refusal!.reasons[2]!.check, {
    step: "VFIO_DEVICE_FEATURE_MIGRATION",
    errno: "ENOTTY",
  });
  assertEquals(refusal!.reasons[3], {
    code: "PciConfigDiffers",
    sentence:
      "mtty: QEMU refuses the migration: the PCI configurations differ in vendor at 0x0, class at 0x9",
    source: "vendor at 0x0 4348, class at 0x9 070002",
    host: "vendor at 0x0 1b36, class at 0x9 030000",
  });
});

Deno.test("ask() says unknown if the target was not probed", () => {
  const unasked = type("mtty-2", { migration: MIGRATION_UNKNOWN });
  assertEquals(codes(host([], [unasked])).offers, [
    "mtty-2 unknown SameType RuleAccepts TargetNotObserved",
  ]);
});

Deno.test("ask() says unknown without a rule and a test", () => {
  const snapshot = { ...host([device("idle")]), rules: [] };
  const { offers: [offer] } = ask(snapshot, source());
  assertEquals([offer!.verdict, offer!.evidence], ["unknown", null]);
  assertEquals(offer!.reasons.map(({ code }) => code), ["SameType", "NobodyCompares"]);
  const [key] = listCandidates(snapshot).map(candidateKey);
  const yes = {
    by: "driver",
    verdict: "compatible",
    evidence: "driver-tested",
    reasons: [],
  } as const;
  const tested = ask(snapshot, source(), { tests: new Map([[key!, [{ ...yes, reasons: [] }]]]) });
  assertEquals(
    tested.offers.map(({ verdict, evidence }) => [verdict, evidence]),
    [["compatible", "driver-tested"]],
  );
});

Deno.test("ask() says unknown if QEMU compares an unknown PCI configuration, tested or not", () => {
  const yes = {
    by: "driver",
    verdict: "compatible",
    evidence: "driver-tested",
    reasons: [],
  } as const;
  const cases: [ours: PciConfig | null, theirs: PciConfig | null][] = [
    [null, PCI],
    [PCI, null],
    [null, null],
  ];
  for (const [ours, theirs] of cases) {
    const snapshot = host([device("idle", { pciConfig: ours })]);
    const [key] = listCandidates(snapshot).map(candidateKey);
    for (const tests of [new Map(), new Map([[key!, [{ ...yes, reasons: [] }]]])]) {
      const { offers: [offer] } = ask(snapshot, source({ pciConfig: theirs }), { tests });
      assertEquals(offer!.verdict, "unknown");
      assertEquals(offer!.reasons.at(-1)!.code, "PciConfigUnknown");
    }
  }
  // Only PCI functions have a PCI configuration.
  const other = { deviceApi: "vfio-fsl-mc", pciConfig: null };
  assertEquals(codes(host([device("idle", other)]), source(other)).offers, [
    "idle compatible SameType RuleAccepts",
  ]);
});

Deno.test("ask() says unknown for a source that was not probed", () => {
  const identity = source({ migration: MIGRATION_UNKNOWN });
  assertEquals(codes(host([device("idle")]), identity).offers, [
    "idle unknown SameType RuleAccepts SourceNotObserved",
  ]);
});

Deno.test("ask() refuses uapi v1 for a source with v2", () => {
  const v1 = device("old", { migration: { ...V2, uapi: "v1" } });
  assertEquals(codes(host([v1])).refusals, ["old UapiDiffers"]);
});

Deno.test("ask() keeps availability separate from compatibility", () => {
  const full = type("mtty-2", { availableInstances: 0, instances: ["a", "b"] });
  const { offers: [, offer] } = ask(host([device("a")], [full]), source());
  assertEquals([offer!.verdict, offer!.availability], [
    "compatible",
    {
      now: false,
      instances: 0,
      inUse: 1,
      idle: 1,
      toFree: [{ type: "mtty-2", instances: 2 }],
      reason: "no free instance; taken by 2 of mtty-2",
    },
  ]);
});

Deno.test("ask() offers a function in use as not available, and an mdev in use only by its type", () => {
  const use = { state: "in-use", holder: { pid: 7, name: "qemu", node: "/dev/vfio/1" } } as const;
  const vf = device("0000:01:10.0", { kind: "pci", use });
  const { offers } = ask(host([vf, device("busy", { use })]), source());
  assertEquals(offers.map(({ configuration, availability }) => [configuration.id, availability]), [
    ["0000:01:10.0", { now: false, instances: 0, inUse: 1, reason: "in use by qemu (pid 7)" }],
  ]);
});

Deno.test("ask() refuses the source itself in the same boot", () => {
  const here = host([device("source")]);
  const alive = source({ host: { name: "hv-22", kernel: "6.12", bootId: "boot-22" } });
  assertEquals(codes(here, alive).refusals, ["source SourceItself"]);
  // With another boot, another host or an unknown boot, the name alone proves nothing.
  for (const bootId of ["boot-21", null]) {
    const gone = source({ host: { name: "hv-22", kernel: "6.12", bootId } });
    assertEquals(codes(here, gone).offers, ["source compatible SameType RuleAccepts"]);
  }
});

Deno.test("ask() offers a function without a vGPU type by the types that can be set on it", () => {
  const bare = device("0000:41:00.4", { kind: "pci", facts: { vgpuType: null }, type: "nvidia:x" });
  const types = [
    type("nvidia-558", { kind: "vgpu-type", parent: "0000:41:00.4", availableInstances: 1 }),
  ];
  const { offers, refusals } = ask(host([bare], types), source({ type: "nvidia-558" }));
  assertEquals([offers.length, refusals.length], [1, 0]);
  assertEquals(offers[0]!.create!.command!.startsWith("echo 558 > "), true);
});

Deno.test("ask() warns about features that the migration would lose", () => {
  const weak = device("weak", {
    migration: { ...V2, features: ["stop-copy"] },
    driver: { ...DRIVER, version: "0.2" },
  });
  const identity = source({ migration: { ...V2, dirtyTracking: "none" } });
  const { offers: [offer] } = ask(host([weak]), identity);
  assertEquals(offer!.warnings.map(({ code }) => code), [
    "P2pMissing",
    "PreCopyMissing",
    "DriverVersionDiffers",
  ]);
  assertEquals(offer!.needs.map(({ code, state }) => [code, state]), [
    ["DirtyTrackingMissing", "unknown"],
  ]);
});

Deno.test("ask() gives the same answer for any order of the snapshot", () => {
  const devices = ["a", "b", "c", "d"].map((id, index) =>
    device(id, {
      migration: index % 2 === 0 ? V2 : MIGRATION_UNKNOWN,
      driver: { ...DRIVER, srcversion: id },
    })
  );
  const types = [0, 9, 3].map((availableInstances, index) =>
    type("mtty-2", { availableInstances, parent: `mtty${index}` })
  );
  const expected = ask(host(devices, types), source());
  for (let turn = 1; turn < 24; turn++) {
    const turned = <T>(items: T[]) => items.map((_, i) => items[(i * 3 + turn) % items.length]!);
    const spun = host(turn % 2 ? turned(devices).toReversed() : turned(devices), turned(types));
    // Turning by three visits each of four once; of three items, only rotation does.
    spun.types = types.map((_, i) => types[(i + turn) % types.length]!);
    assertEquals(ask(spun, source()), expected);
  }
  assertEquals(expected.offers.map(({ rank }) => rank), expected.offers.map((_, i) => i + 1));
});

Deno.test("ask() reads only the names of other types until refusals are read", () => {
  let looked = 0;
  const strangers = ["a", "b", "c"].map((name): DeviceType => {
    const stranger = type(name);
    return Object.defineProperty(stranger, "migration", {
      enumerable: true,
      get() {
        looked++;
        return V2;
      },
    });
  });
  const judged = ask(host([], [type("mtty-2"), ...strangers]), source());
  assertEquals([judged.offers.length, looked], [1, 0]);
  assertEquals(judged.refusals.length, 3);
  assertEquals(looked > 0, true);
});

Deno.test("reasonsNotToMigrate() names the driver and the kernel's answer", () => {
  assertEquals(reasonsNotToMigrate(source()), []);
  assertEquals(reasonsNotToMigrate(source({ migration: MIGRATION_UNKNOWN })), []);
  assertEquals(
    reasonsNotToMigrate(source({ migration: NONE }))[0]!.sentence,
    "mtty: the source's driver does not support migration: kernel answered ENOTTY to VFIO_DEVICE_FEATURE_MIGRATION",
  );
});
