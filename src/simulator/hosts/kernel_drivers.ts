import type { KernelDriver, KernelModule } from "../scenario.ts";

/** Modules of drivers that have another name than their module. Null means built in. */
const MODULES: Readonly<Record<string, string | null>> = {
  "vfio-pci": "vfio_pci",
  "vfio-platform": "vfio_platform",
  "nvidia-vgpu-vfio": "nvidia_vgpu_vfio",
  "4xxx": "qat_4xxx",
  pcieport: null,
};

/** Drivers of a bus, each with its module. */
export function driversOf(bus: string, ...names: readonly string[]): KernelDriver[] {
  return names.map((name) => ({ bus, name, module: name in MODULES ? MODULES[name]! : name }));
}

/** An in-tree module: no version, and a `srcversion` as `modinfo` prints it. */
export function inTree(name: string, srcversion: string): KernelModule {
  return { name, version: null, srcversion };
}
