import { assertEquals } from "@std/assert";
import { hostExamination } from "../../../tests/fixtures/doctor_examination.ts";
import { diagnoseHost } from "./diagnose_host.ts";
import type { HostExamination } from "./examination.ts";

const CASES: readonly (readonly [
  what: string,
  change: Partial<HostExamination>,
  codes: readonly string[],
])[] = [
  ["a healthy host", {}, []],
  ["a host other than this one", { software: null }, []],
  ["a kernel before v2", { kernel: "5.15.0-130-generic" }, ["KernelWithoutV2"]],
  ["a kernel without iommufd", { iommufd: false, cdevs: 0 }, ["NoIommufd"]],
  ["a kernel without cdevs", { cdevs: 0 }, ["NoIommufd"]],
  ["no device, and therefore no cdev", { cdevs: 0, devices: 0, migratable: [] }, []],
  ["an unreadable modules.alias", { aliases: false }, ["NoModulesAlias"]],
  ["no IOMMU", { iommu: { units: [], groups: false } }, ["IommuOff"]],
  ["an IOMMU whose driver lists no units", { iommu: { units: [], groups: true } }, []],
  ["an old QEMU", { software: { qemu: "7.2.0", libvirt: "12.1.0" } }, ["QemuWithoutV2"]],
  ["neither program", { software: { qemu: null, libvirt: null } }, ["NoQemu", "NoLibvirt"]],
  [
    "old programs, and nothing to migrate",
    { software: { qemu: "7.2.0", libvirt: "8.0.0" }, migratable: [] },
    [],
  ],
];

for (const [what, change, codes] of CASES) {
  Deno.test(`diagnoseHost() of ${what}: ${codes.join(", ") || "nothing"}`, () => {
    const findings = diagnoseHost(hostExamination(change));
    assertEquals(findings.map(({ code }) => code), codes);
    assertEquals(findings.filter(({ level }) => level === "blocks" || level === "unknown"), []);
  });
}

Deno.test("diagnoseHost() reports a condition of several devices once", () => {
  const [device] = hostExamination().migratable;
  const software = { qemu: "7.2.0", libvirt: "12.1.0" };
  const findings = diagnoseHost(hostExamination({ software, migratable: [device!, device!] }));
  assertEquals(findings.map(({ sentence }) => sentence), [
    "QEMU: version 7.2.0 has no VFIO migration v2",
  ]);
});
