import { assertEquals } from "@std/assert";
import { plantDevice, plantEmptyHost } from "../../tests/fixtures/planted_host.ts";
import { parseCreatableVgpuTypes, readNvidiaVgpu } from "./nvidia_vgpu.ts";

const FUNCTION = { bus: "pci", id: "0000:17:00.4", above: "pci0000:16" };
const LINES = "1147 : NVIDIA L40S-1B\n1148 : NVIDIA L40S-2B";
const TYPES = [{ id: 1147, name: "NVIDIA L40S-1B" }, { id: 1148, name: "NVIDIA L40S-2B" }];

Deno.test("parseCreatableVgpuTypes() reads a list with a heading and one without", () => {
  assertEquals(parseCreatableVgpuTypes(`ID    : vGPU Name\n${LINES}\n`), TYPES);
  assertEquals(parseCreatableVgpuTypes(LINES), TYPES);
});

Deno.test("parseCreatableVgpuTypes() accepts any space around the colon, and colons in a name", () => {
  assertEquals(parseCreatableVgpuTypes("  7  :\tA: B \r\n8:C"), [
    { id: 7, name: "A: B" },
    { id: 8, name: "C" },
  ]);
});

Deno.test("parseCreatableVgpuTypes() returns nothing for empty text", () => {
  assertEquals(parseCreatableVgpuTypes(""), []);
  assertEquals(parseCreatableVgpuTypes("none\n9 :\n: 10"), []);
});

Deno.test("readNvidiaVgpu() reads a function without a type", () => {
  using host = plantEmptyHost();
  const attributes = {
    "nvidia/current_vgpu_type": "0",
    "nvidia/creatable_vgpu_types": LINES,
  };
  const device = plantDevice(host, { ...FUNCTION, attributes });
  assertEquals(readNvidiaVgpu(device), { current: null, creatable: TYPES });
});

Deno.test("readNvidiaVgpu() lists no creatable types for a function that has a type", () => {
  using host = plantEmptyHost();
  const attributes = { "nvidia/current_vgpu_type": "1148", "nvidia/creatable_vgpu_types": "" };
  const device = plantDevice(host, { ...FUNCTION, attributes });
  assertEquals(readNvidiaVgpu(device), { current: 1148, creatable: [] });
});

Deno.test("readNvidiaVgpu() is null for a device without that interface", () => {
  using host = plantEmptyHost();
  assertEquals(readNvidiaVgpu(plantDevice(host, FUNCTION)), null);
});
