import type { Scenario } from "../scenario.ts";
import type { Tree } from "./tree.ts";

/** Buses, their drivers, and the drivers' modules: `/sys/bus`, `/sys/module`. */
export function plantDrivers(sys: Tree, scenario: Scenario): void {
  for (const { bus, name, module } of scenario.drivers) {
    const driver = `bus/${bus}/drivers/${name}`;
    sys.directory(`bus/${bus}/devices`);
    sys.directory(driver);
    if (module === null) continue;
    sys.link(`${driver}/module`, `module/${module}`);
    sys.link(`module/${module}/drivers/${bus}:${name}`, driver);
  }
  for (const { name, version, srcversion } of scenario.modules) {
    sys.attribute(`module/${name}/srcversion`, srcversion);
    sys.attribute(`module/${name}/initstate`, "live");
    if (version !== null) sys.attribute(`module/${name}/version`, version);
  }
  const unsafe = scenario.host.noiommu ? "Y" : "N";
  sys.attribute("module/vfio/parameters/enable_unsafe_noiommu_mode", unsafe);
}
