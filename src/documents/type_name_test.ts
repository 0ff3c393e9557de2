import { assertEquals } from "@std/assert";
import { deviceTypeName, vgpuTypeName } from "./type_name.ts";

Deno.test("deviceTypeName() joins driver and modalias, so another driver is another type", () => {
  const modalias = "pci:v000015B3d0000101Esv000015B3sd00000058bc02sc00i00";
  assertEquals(deviceTypeName("mlx5_vfio_pci", modalias), `mlx5_vfio_pci:${modalias}`);
});

Deno.test("vgpuTypeName() is the name of the mdev type with the same number", () => {
  assertEquals(vgpuTypeName(1152), "nvidia-1152");
});
