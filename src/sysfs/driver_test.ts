import { assertEquals } from "@std/assert";
import { plantDevice, plantEmptyHost } from "../../tests/fixtures/planted_host.ts";
import { readDriver, readModule } from "./driver.ts";

const GPU = { bus: "pci", id: "0000:3b:00.0", above: "pci0000:3a" };

Deno.test("readDriver() gives the module behind a driver, which may have another name", () => {
  using host = plantEmptyHost();
  const device = plantDevice(host, { ...GPU, driver: "vfio-pci", module: "vfio_pci" });
  host.sys.attribute("module/vfio_pci/version", "0.2");
  host.sys.attribute("module/vfio_pci/srcversion", "A1C9E5D7F3B08264D1E6A90");
  assertEquals(readDriver(device), {
    name: "vfio-pci",
    module: "vfio_pci",
    version: "0.2",
    srcversion: "A1C9E5D7F3B08264D1E6A90",
  });
});

Deno.test("readDriver() of a module without version or srcversion", () => {
  using host = plantEmptyHost();
  const device = plantDevice(host, { ...GPU, driver: "vfio-pci", module: "vfio_pci" });
  assertEquals(readDriver(device), {
    name: "vfio-pci",
    module: "vfio_pci",
    version: null,
    srcversion: null,
  });
});

Deno.test("readDriver() of a driver that is built in has no module", () => {
  using host = plantEmptyHost();
  const device = plantDevice(host, { ...GPU, driver: "vfio-pci" });
  assertEquals(readDriver(device), {
    name: "vfio-pci",
    module: null,
    version: null,
    srcversion: null,
  });
});

Deno.test("readDriver() of a device that no driver is bound to is null", () => {
  using host = plantEmptyHost();
  assertEquals(readDriver(plantDevice(host, GPU)), null);
});

Deno.test("readModule() finds a loaded module by a name with dashes", () => {
  using host = plantEmptyHost();
  host.sys.attribute("module/nvidia_vgpu_vfio/version", "550.54.16");
  assertEquals(readModule(host.roots, "nvidia-vgpu-vfio"), {
    name: "nvidia-vgpu-vfio",
    module: "nvidia_vgpu_vfio",
    version: "550.54.16",
    srcversion: null,
  });
});

Deno.test("readModule() is null for a module that is not loaded", () => {
  using host = plantEmptyHost();
  // A built-in module with parameters has a directory and is none.
  host.sys.attribute("module/mtty/parameters/debug", "N");
  assertEquals(readModule(host.roots, "mtty"), null);
  assertEquals(readModule(host.roots, "mdpy"), null);
});
