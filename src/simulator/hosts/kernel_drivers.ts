import type { KernelDriver, KernelModule } from "../scenario.ts";

/** The modules of drivers that are not named as their module is; null is built in. */
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

/** One of the kernel's own modules: no version, and a `srcversion` as `modinfo` prints it. */
export function inTree(name: string, srcversion: string): KernelModule {
  return { name, version: null, srcversion };
}
