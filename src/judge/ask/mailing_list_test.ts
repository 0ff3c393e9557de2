/** The cases from the mailing lists of Linux, QEMU and libvirt, where this interface was first discussed. */
import { assertEquals } from "@std/assert";
import {
  type Device,
  type DeviceType,
  type Identity,
  type OtherCode,
  RULES_SCHEMA,
  type RulesDocument,
  type RulesFile,
  type Snapshot,
} from "../../documents/mod.ts";
import { parseRules, shippedRules } from "../rules/mod.ts";
import { mttyIdentity } from "../../../tests/fixtures/identity.ts";
import { mttyDevice, mttySnapshot, mttyType } from "../../../tests/fixtures/snapshot.ts";
import { ask, candidateKey, listCandidates, type TestResult, type TestResults } from "./mod.ts";

const PATH = "/sys/bus/mdev/devices/x/migration_version";

function host(devices: Device[], types: DeviceType[], change: Partial<Snapshot> = {}): Snapshot {
  return mttySnapshot({ devices, types, ...change });
}

/** Rules as an operator would write them, parsed like a file. */
function rules(name: string, all: RulesDocument["rules"]): RulesFile {
  const text = JSON.stringify({ schema: RULES_SCHEMA, vendor: "vendor", rules: all });
  const { document, errors } = parseRules(text);
  assertEquals(errors, undefined);
  return { name, path: `/etc/vfio-ask/rules.d/${name}`, document: document! };
}

/** Each configuration with its verdict and reason codes: offers in their order, then refusals. */
function told(snapshot: Snapshot, source: Identity, tests?: TestResults) {
  const { offers, refusals } = ask(snapshot, source, tests === undefined ? {} : { tests });
  return [...offers, ...refusals].map(({ configuration, verdict, evidence, reasons }) =>
    [
      configuration.id ?? `${configuration.type}@${configuration.parent}`,
      `${verdict}${evidence === null ? "" : ` by ${evidence}`}:`,
      reasons.map(({ code }) => code).join(" "),
    ].join(" ")
  );
}

const versioned = (version: string | null, errno: string | null = null) =>
  mttyDevice({ id: "x", version: { path: PATH, version, errno } });

Deno.test("version string equal: type and version are the same as the source's", () => {
  assertEquals(told(host([versioned("A\n1")], []), mttyIdentity({ version: "A\n1" })), [
    "x compatible by vendor-rule: SameType RuleAccepts",
  ]);
});

Deno.test("version string unequal: only a test of the driver decides", () => {
  const snapshot = host([versioned("A 2")], []);
  const source = mttyIdentity({ version: "A 1" });
  assertEquals(told(snapshot, source), ["x unknown: SameType RuleAccepts VersionNotTested"]);
  const key = candidateKey(listCandidates(snapshot)[0]!);
  const reason = { sentence: "mtty said so", source: "A 1", host: null };
  const yes: TestResult = {
    by: "version-attribute",
    verdict: "compatible",
    evidence: "attribute-tested",
    reasons: [{ code: "VersionAccepted", ...reason }],
  };
  assertEquals(told(snapshot, source, new Map([[key, [yes]]])), [
    "x compatible by attribute-tested: VersionAccepted SameType RuleAccepts",
  ]);
  const no: TestResult = {
    by: "version-attribute",
    verdict: "incompatible",
    evidence: "attribute-tested",
    reasons: [{ code: "VersionRefused", ...reason }],
  };
  assertEquals(told(snapshot, source, new Map([[key, [no]]])), [
    "x incompatible by attribute-tested: VersionRefused",
  ]);
});

Deno.test("version string with an errno on read: the device cannot migrate", () => {
  const snapshot = host([versioned(null, "ENODEV")], []);
  assertEquals(told(snapshot, mttyIdentity({ version: "A 1" })), [
    "x incompatible: VersionUnreadable",
  ]);
  const { refusals: [refusal] } = ask(snapshot, mttyIdentity({ version: "A 1" }));
  assertEquals(refusal!.reasons[0]!.check, { step: "read version", errno: "ENODEV" });
});

Deno.test("type not on the host: one reason for the host, and every other type is refused", () => {
  const { reasons, offers, refusals } = ask(
    host([], [mttyType({ type: "mtty-1" })]),
    mttyIdentity({ type: "mtty-4" }),
  );
  assertEquals([offers.length, reasons.map(({ code }) => code)], [0, ["TypeNotOnHost"]]);
  assertEquals(reasons[0]!.sentence, "mtty: hv-18 has no configuration of type mtty-4");
  assertEquals(refusals.map(({ reasons }) => reasons.map(({ code }) => code)), [["TypeDiffers"]]);
});

Deno.test("type that can never be created is refused; type with all instances in use is only not available", () => {
  const full = (instances: string[]) => [
    mttyType({ availableInstances: 0 }),
    mttyType({ type: "mtty-1", availableInstances: 0, instances }),
  ];
  const never = ask(host([], full([])), mttyIdentity());
  assertEquals(never.offers, []);
  assertEquals(never.refusals.at(0)!.reasons.map(({ code }) => code), ["TypeNeverAvailable"]);
  const taken = ask(host([], full(["a", "b"])), mttyIdentity());
  assertEquals(taken.offers.map(({ availability }) => availability), [{
    now: false,
    instances: 0,
    inUse: 0,
    idle: 0,
    toFree: [{ type: "mtty-1", instances: 2 }],
    reason: "no free instance; taken by 2 of mtty-1",
  }]);
});

/** A host with a QEMU newer than all known ones. It may migrate devices that older ones do not. */
const NEWER = { name: "lp-22", kernel: "7.1.0", bootId: null, facts: { qemu: "99.0.0" } };

/** A matrix device of s390 and a host with these queues. */
function matrix(queues: string[], queuesFree: string[]): { source: Identity; snapshot: Snapshot } {
  const queuesOfSource = ["05.0004", "05.00ab"];
  const driver = { name: "vfio_ap_mdev", module: "vfio_ap", version: null, srcversion: "A" };
  const common = {
    type: "vfio_ap-passthrough",
    deviceApi: "vfio-ap",
    driver,
    parentDriver: null,
    pciConfig: null,
  };
  return {
    source: mttyIdentity({
      ...common,
      host: NEWER,
      facts: { matrix: queuesOfSource, guestMatrix: queuesOfSource },
    }),
    snapshot: host([], [mttyType({ ...common, parent: "matrix", facts: { queues, queuesFree } })], {
      rules: shippedRules(),
      host: NEWER,
    }),
  };
}

Deno.test("matrix device with a missing component is refused, and the reason names the component", () => {
  const { source, snapshot } = matrix(["05.0004", "06.0004"], ["05.0004"]);
  const { offers, refusals } = ask(snapshot, source);
  assertEquals(offers, []);
  const reason = refusals[0]!.reasons.find(({ sentence }) => sentence.includes("05.00ab"))!;
  assertEquals([reason.source, reason.host], ["05.0004 05.00ab", "05.0004 06.0004"]);
});

Deno.test("matrix device with a component in use is offered but not available", () => {
  const { source, snapshot } = matrix(["05.0004", "05.00ab"], ["05.0004"]);
  const { offers: [offer], refusals } = ask(snapshot, source);
  assertEquals(refusals, []);
  assertEquals(offer!.availability.now, false);
  assertEquals(offer!.availability.reason!.includes("05.00ab"), true);
});

Deno.test("matrix device is created empty and then gets the source's queues and control domains", () => {
  const { source, snapshot } = matrix(["05.0004", "05.00ab"], ["05.0004", "05.00ab"]);
  const facts = { ...source.facts, controlDomains: ["0004"] };
  const { create } = ask(snapshot, { ...source, facts }).offers[0]!;
  assertEquals(create?.attributes, [
    { name: "assign_adapter", value: "0x05" },
    { name: "assign_domain", value: "0x0004" },
    { name: "assign_domain", value: "0x00ab" },
    { name: "assign_control_domain", value: "0x0004" },
  ]);
  const device = "/sys/bus/mdev/devices/$uuid";
  assertEquals(create?.command?.split("; "), [
    "uuid=$(mdevctl start --parent matrix --type vfio_ap-passthrough)",
    `echo 0x05 > ${device}/assign_adapter`,
    `echo 0x0004 > ${device}/assign_domain`,
    `echo 0x00ab > ${device}/assign_domain`,
    `echo 0x0004 > ${device}/assign_control_domain`,
  ]);
  const unknown = { ...source, facts: { guestMatrix: ["; reboot"] } };
  assertEquals(ask(snapshot, unknown).offers, [], "no such queue on this host");
});

Deno.test("new driver that keeps the old type: a rule declares that it supports the type", () => {
  const driver = { name: "mtty2", module: "mtty2", version: "2.1.0", srcversion: "B" };
  const old = mttyType({ driver, parentDriver: driver });
  const source = mttyIdentity();
  const range = [{ fact: "driver.version", op: "version" as const, range: ">=2.1 <3" }];
  const rule = (verdict: "compatible" | "incompatible") => ({
    name: "mtty2 serves the old types",
    for: { driver: "mtty", type: "mtty-*" },
    targets: [{
      driver: "mtty2",
      verdict,
      sentence: "the new driver serves the old types",
      require: verdict === "compatible" ? range : [],
    }],
  });
  const told1 = told(host([], [old], { rules: [rules("a.json", [rule("compatible")])] }), source);
  assertEquals(told1, ["mtty-2@mtty compatible by vendor-rule: SameType RuleAccepts"]);
  const told2 = told(host([], [old], { rules: [rules("a.json", [rule("incompatible")])] }), source);
  assertEquals(told2, ["mtty-2@mtty incompatible by vendor-rule: RuleRefuses"]);
  const late = mttyType({ driver: { ...driver, version: "3.0.0" } });
  const told3 = told(host([], [late], { rules: [rules("a.json", [rule("compatible")])] }), source);
  assertEquals(told3, ["mtty-2@mtty incompatible by vendor-rule: VersionOutOfRange"]);
});

Deno.test("hardware generations under one type: a rule compares the parents", () => {
  const type = (parent: string, parentDevice?: string) =>
    mttyType({ type: "i915-GVTg_V5_4", parent, facts: parentDevice ? { parentDevice } : {} });
  const rule = rules("gvt.json", [{
    name: "same generation",
    for: { type: "i915-GVTg_V5_*" },
    targets: [{
      verdict: "compatible",
      sentence: "the same generation of graphics",
      require: [{
        fact: "parentDevice",
        op: "equal",
        code: "GenerationDiffers" as string as OtherCode,
      }],
    }],
  }]);
  const source = mttyIdentity({ type: "i915-GVTg_V5_4", facts: { parentDevice: "8086:1912" } });
  const types = [type("skylake", "8086:1912"), type("kabylake", "8086:5912"), type("unread")];
  assertEquals(told(host([], types, { rules: [rule] }), source), [
    "i915-GVTg_V5_4@skylake compatible by vendor-rule: SameType RuleAccepts",
    "i915-GVTg_V5_4@unread unknown: SameType FactMissing",
    "i915-GVTg_V5_4@kabylake incompatible by vendor-rule: GenerationDiffers",
  ]);
});

Deno.test("traits as supersets: the host must have all traits of the source", () => {
  const rule = rules("traits.json", [{
    name: "as able as the source",
    for: { driver: "mtty", traits: ["MIGRATES"] },
    targets: [{
      verdict: "compatible",
      sentence: "it has all traits of the source",
      require: [{ fact: "traits", op: "superset", code: "TraitMissing" as string as OtherCode }],
    }],
  }]);
  const type = (parent: string, traits: string[]) => mttyType({ parent, facts: { traits } });
  const types = [type("less", ["MIGRATES"]), type("more", ["HW_X", "HW_Y", "MIGRATES"])];
  const source = mttyIdentity({ facts: { traits: ["MIGRATES", "HW_X"] } });
  assertEquals(told(host([], types, { rules: [rule] }), source), [
    "mtty-2@more compatible by vendor-rule: SameType RuleAccepts",
    "mtty-2@less incompatible by vendor-rule: TraitMissing",
  ]);
  // The rule does not apply to a source without the trait that it selects.
  const plain = mttyIdentity({ facts: { traits: ["HW_X"] } });
  assertEquals(told(host([], [types[0]!], { rules: [rule] }), plain), [
    "mtty-2@less unknown: SameType NobodyCompares",
  ]);
});

Deno.test("driver renamed between generations: a rule maps the names of its types", () => {
  const rule = rules("renamed.json", [{
    name: "i915 became xe",
    for: { driver: "i915", type: "i915-GVTg_{rest}" },
    targets: [{
      driver: "kvmgt",
      type: "kvmgt-GVTg_{rest}",
      verdict: "compatible",
      sentence: "renamed",
    }],
  }]);
  const driver = { name: "kvmgt", module: "kvmgt", version: null, srcversion: null };
  const types = ["kvmgt-GVTg_V5_4", "kvmgt-GVTg_V5_8"].map((type) => mttyType({ type, driver }));
  const source = mttyIdentity({
    type: "i915-GVTg_V5_4",
    driver: { ...driver, name: "i915" },
  });
  assertEquals(told(host([], types, { rules: [rule] }), source), [
    "kvmgt-GVTg_V5_4@mtty compatible by vendor-rule: RuleAccepts",
    "kvmgt-GVTg_V5_8@mtty incompatible: TypeDiffers",
  ]);
});

Deno.test("aggregated types: several instances of a small type replace one of a bigger type", () => {
  const rule = rules("aggregate.json", [{
    name: "n small for one of n",
    for: { type: "vendor-x{n}" },
    targets: [
      { verdict: "compatible", sentence: "the same" },
      {
        type: "vendor-x1",
        instances: "{n}",
        verdict: "compatible",
        sentence: "{n} of one unit each",
      },
    ],
  }]);
  const small = (parent: string, availableInstances: number) =>
    mttyType({ type: "vendor-x1", parent, availableInstances });
  const source = mttyIdentity({ type: "vendor-x4" });
  const snapshot = host([], [small("gpu1", 6), small("gpu2", 3)], { rules: [rule] });
  const { offers } = ask(snapshot, source);
  assertEquals(
    offers.map(({ configuration, availability: { now, reason }, order }) => [
      configuration.parent,
      configuration.instances,
      now,
      reason,
      order.leftover,
    ]),
    [
      ["gpu1", 4, true, undefined, 2],
      ["gpu2", 4, false, "needs 4 instances, 3 are free", 0],
    ],
  );
});

Deno.test("mdev to physical function, and back", () => {
  const type = "vendor_vfio_pci:pci:v00001234d00005678";
  const driver = { name: "vendor_vfio_pci", module: null, version: null, srcversion: null };
  const rule = rules("function.json", [
    {
      name: "an mdev lands on a function",
      for: { kind: "mdev", type: "mtty-2" },
      targets: [{ kind: "pci", type, verdict: "compatible", sentence: "the function is its like" }],
    },
    {
      name: "a function lands on an mdev",
      for: { kind: "pci", type },
      targets: [{
        configuration: "mdev-type",
        type: "mtty-2",
        verdict: "compatible",
        sentence: "the mdev is its like",
      }],
    },
  ]);
  const there = host([mttyDevice({ id: "0000:41:00.1", kind: "pci", type, driver })], [], {
    rules: [rule],
  });
  assertEquals(told(there, mttyIdentity()), [
    "0000:41:00.1 compatible by vendor-rule: RuleAccepts",
  ]);
  const back = host([], [mttyType()], { rules: [rule] });
  assertEquals(told(back, mttyIdentity({ kind: "pci", type, driver })), [
    "mtty-2@mtty compatible by vendor-rule: RuleAccepts",
  ]);
});

Deno.test("parents that are not PCI devices: nothing depends on PCI ids", () => {
  const ccw = (change: Partial<DeviceType>) =>
    mttyType({ type: "vfio_ccw-io", deviceApi: "vfio-ccw", pciConfig: null, ...change });
  const source = mttyIdentity({
    type: "vfio_ccw-io",
    deviceApi: "vfio-ccw",
    pciConfig: null,
    host: NEWER,
  });
  const types = [ccw({ parent: "0.0.0313" }), ccw({ parent: "0.0.0314" })];
  assertEquals(told(host([], types, { host: NEWER }), source), [
    "vfio_ccw-io@0.0.0313 unknown: SameType NobodyCompares QemuUnmigratable",
    "vfio_ccw-io@0.0.0314 unknown: SameType NobodyCompares QemuUnmigratable",
  ]);
});

Deno.test("two users who ask at the same time get the same offer, because asking reserves nothing", () => {
  const snapshot = host([mttyDevice()], [mttyType({ availableInstances: 1 })]);
  const [a, b] = [mttyIdentity({ id: "a" }), mttyIdentity({ id: "b" })].map((source) =>
    ask(snapshot, source).offers
  );
  assertEquals(a, b);
  assertEquals(a!.map(({ availability }) => availability.now), [true, true]);
});

Deno.test("a rule cannot override a driver that failed the test", () => {
  const rule = rules("yes.json", [{
    name: "all is well",
    for: { type: "mtty-2" },
    targets: [{ verdict: "compatible", sentence: "we say so" }],
  }]);
  const snapshot = host([mttyDevice({ id: "x" })], [], { rules: [rule] });
  const no: TestResult = {
    by: "driver",
    verdict: "incompatible",
    evidence: "driver-tested",
    reasons: [{ code: "DriverRefused", sentence: "mtty refused", source: null, host: null }],
  };
  const tests = new Map([[candidateKey(listCandidates(snapshot)[0]!), [no]]]);
  assertEquals(told(snapshot, mttyIdentity(), tests), [
    "x incompatible by driver-tested: DriverRefused",
  ]);
});
