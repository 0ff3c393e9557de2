import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  plantDevice,
  type PlantedHost,
  plantEmptyHost,
} from "../../tests/fixtures/planted_host.ts";
import type { Driver } from "../documents/mod.ts";
import { readBinding, readDriver, readModule } from "./driver.ts";

/** A driver without its load, which is another one in each planted tree. */
function loaded(driver: Driver | null): Omit<Driver, "load"> {
  const { load, ...rest } = driver!;
  assert(/^\d+$/.test(load ?? ""), "an inode");
  return rest;
}

const GPU = { bus: "pci", id: "0000:3b:00.0", above: "pci0000:3a" };

Deno.test("readDriver() gives the module behind a driver, which may have another name", () => {
  using host = plantEmptyHost();
  const device = plantDevice(host, { ...GPU, driver: "vfio-pci", module: "vfio_pci" });
  host.sys.attribute("module/vfio_pci/version", "0.2");
  host.sys.attribute("module/vfio_pci/srcversion", "A1C9E5D7F3B08264D1E6A90");
  assertEquals(loaded(readDriver(device)), {
    name: "vfio-pci",
    module: "vfio_pci",
    version: "0.2",
    srcversion: "A1C9E5D7F3B08264D1E6A90",
  });
});

Deno.test("readDriver() of a module without version or srcversion", () => {
  using host = plantEmptyHost();
  const device = plantDevice(host, { ...GPU, driver: "vfio-pci", module: "vfio_pci" });
  assertEquals(loaded(readDriver(device)), {
    name: "vfio-pci",
    module: "vfio_pci",
    version: null,
    srcversion: null,
  });
});

Deno.test("readDriver() of a driver that is built in has no module", () => {
  using host = plantEmptyHost();
  const device = plantDevice(host, { ...GPU, driver: "vfio-pci" });
  assertEquals(loaded(readDriver(device)), {
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
  assertEquals(loaded(readModule(host.roots, "nvidia-vgpu-vfio")), {
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

/** Binds a device, as the kernel does with a new link; `load` makes the driver's directory anew, as insmod does. */
function bind(host: PlantedHost, driver: string, { load }: { load: boolean }): void {
  const link = `${host.roots.sys}/devices/pci0000:3a/${GPU.id}/driver`;
  // Renamed and not removed at once: else the file system could hand out the same inode again.
  Deno.renameSync(link, `${link}.old`);
  if (load) {
    const path = `${host.roots.sys}/bus/pci/drivers/${driver}`;
    Deno.renameSync(path, `${path}.old`);
    host.sys.directory(`bus/pci/drivers/${driver}`);
  }
  host.sys.link(`devices/pci0000:3a/${GPU.id}/driver`, `bus/pci/drivers/${driver}`);
  Deno.removeSync(`${link}.old`);
}

Deno.test("readDriver() tells a reload of the driver, and readBinding() each binding too", () => {
  using host = plantEmptyHost();
  const device = plantDevice(host, { ...GPU, driver: "vfio-pci" });
  const read = () => ({ load: readDriver(device)!.load, bound: readBinding(device) });
  const first = read();
  assertEquals(read(), first);
  bind(host, "vfio-pci", { load: false });
  const rebound = read();
  assertEquals(rebound.load, first.load);
  assertNotEquals(rebound.bound, first.bound);
  bind(host, "vfio-pci", { load: true });
  const reloaded = read();
  assertNotEquals(reloaded.load, first.load);
  assertNotEquals(reloaded.bound, rebound.bound);
});

Deno.test("readBinding() of a device that no driver is bound to is null", () => {
  using host = plantEmptyHost();
  assertEquals(readBinding(plantDevice(host, GPU)), null);
});
