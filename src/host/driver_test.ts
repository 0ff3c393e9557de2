import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  plantDevice,
  type PlantedHost,
  plantEmptyHost,
} from "../../tests/fixtures/planted_host.ts";
import type { Driver } from "../documents/mod.ts";
import { readBinding, readDriver, readModule } from "./driver.ts";

/** A driver without its load, which differs in each planted tree. */
function loaded(driver: Driver | null): Omit<Driver, "load"> {
  const { load, ...rest } = driver!;
  assert(/^\d+$/.test(load ?? ""), "an inode");
  return rest;
}

const GPU = { bus: "pci", id: "0000:3b:00.0", above: "pci0000:3a" };

Deno.test("readDriver() returns the module behind a driver, even if it has another name", () => {
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

Deno.test("readDriver() reads a module without version or srcversion", () => {
  using host = plantEmptyHost();
  const device = plantDevice(host, { ...GPU, driver: "vfio-pci", module: "vfio_pci" });
  assertEquals(loaded(readDriver(device)), {
    name: "vfio-pci",
    module: "vfio_pci",
    version: null,
    srcversion: null,
  });
});

Deno.test("readDriver() returns no module for a built-in driver", () => {
  using host = plantEmptyHost();
  const device = plantDevice(host, { ...GPU, driver: "vfio-pci" });
  assertEquals(loaded(readDriver(device)), {
    name: "vfio-pci",
    module: null,
    version: null,
    srcversion: null,
  });
});

Deno.test("readDriver() is null for a device without a driver", () => {
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
  // A built-in module with parameters has a directory, but is not a loaded module.
  host.sys.attribute("module/mtty/parameters/debug", "N");
  assertEquals(readModule(host.roots, "mtty"), null);
  assertEquals(readModule(host.roots, "mdpy"), null);
});

/** Binds a device with a new link, as the kernel does. `load` creates a new driver directory, as insmod does. */
function bind(host: PlantedHost, driver: string, { load }: { load: boolean }): void {
  const link = `${host.roots.sys}/devices/pci0000:3a/${GPU.id}/driver`;
  // Renamed rather than removed: otherwise the file system could reuse the inode.
  Deno.renameSync(link, `${link}.old`);
  if (load) {
    const path = `${host.roots.sys}/bus/pci/drivers/${driver}`;
    Deno.renameSync(path, `${path}.old`);
    host.sys.directory(`bus/pci/drivers/${driver}`);
  }
  host.sys.link(`devices/pci0000:3a/${GPU.id}/driver`, `bus/pci/drivers/${driver}`);
  Deno.removeSync(`${link}.old`);
}

Deno.test("readDriver() detects a reload of the driver, and readBinding() also a new binding", () => {
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

Deno.test("readBinding() is null for a device without a driver", () => {
  using host = plantEmptyHost();
  assertEquals(readBinding(plantDevice(host, GPU)), null);
});
