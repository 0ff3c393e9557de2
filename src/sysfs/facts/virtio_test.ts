import { assertEquals } from "@std/assert";
import { plantEmptyHost } from "../../../tests/fixtures/planted_host.ts";
import { factsOf, PARENT_FACTS, plantFunction } from "./testing.ts";
import { parseFeatureBits } from "./virtio.ts";

Deno.test("VIRTIO tells the feature bits of the physical function", () => {
  using host = plantEmptyHost();
  const attributes = { "virtio3/features": `1${"0".repeat(40)}1${"0".repeat(22)}` };
  const planted = plantFunction(host, { driver: "virtio_vfio_pci", physical: { attributes } });
  assertEquals(factsOf(host, planted), { ...PARENT_FACTS, features: ["0", "41"] });
});

Deno.test("parseFeatureBits() is the same for 64 and 128 characters", () => {
  const bits = `0110${"0".repeat(60)}`;
  assertEquals(parseFeatureBits(bits), ["1", "2"]);
  assertEquals(parseFeatureBits(bits + "0".repeat(64)), ["1", "2"]);
  assertEquals(parseFeatureBits(""), []);
});
