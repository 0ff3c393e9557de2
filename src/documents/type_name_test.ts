import { assertEquals } from "@std/assert";
import { deviceTypeName, vgpuTypeName } from "./type_name.ts";

Deno.test("deviceTypeName() joins driver and modalias, so that another driver is another type", () => {
  const modalias = "pci:v000015B3d0000101Esv000015B3sd00000058bc02sc00i00";
  assertEquals(deviceTypeName("mlx5_vfio_pci", modalias), `mlx5_vfio_pci:${modalias}`);
});

Deno.test("vgpuTypeName() is what the mdev type of the same number is called", () => {
  assertEquals(vgpuTypeName(1152), "nvidia-1152");
});
