import { assertEquals } from "@std/assert";
import { plantEmptyHost } from "../../../tests/fixtures/planted_host.ts";
import { factsOf, PARENT_FACTS, plantFunction } from "./testing.ts";

for (const services of ["sym;asym", "asym;sym"]) {
  Deno.test(`QAT reports ${services} as a set`, () => {
    using host = plantEmptyHost();
    const attributes = { "qat/cfg_services": services, "qat/num_rps": "64", "qat/state": "up" };
    const planted = plantFunction(host, { driver: "qat_vfio_pci", physical: { attributes } });
    const facts = { services: ["asym", "sym"], numRps: 64, qatState: "up" };
    assertEquals(factsOf(host, planted), { ...PARENT_FACTS, ...facts });
  });
}

Deno.test("QAT declares nothing if another driver is bound", () => {
  using host = plantEmptyHost();
  const attributes = { "qat/cfg_services": "dc" };
  const planted = plantFunction(host, { driver: "vfio-pci", physical: { attributes } });
  assertEquals(factsOf(host, planted), PARENT_FACTS);
});
