import type { Scenario } from "../scenario.ts";
import { driversOf, moduleOf } from "../topology.ts";
import type { Tree } from "./tree.ts";

/** Buses, their drivers, and the drivers' modules: `/sys/bus`, `/sys/module`. */
export function plantDrivers(sys: Tree, scenario: Scenario): void {
  for (const registered of driversOf(scenario)) {
    const [bus, name] = registered.split(":") as [string, string];
    const driver = `bus/${bus}/drivers/${name}`;
    const module = `module/${moduleOf(name)}`;
    sys.directory(`bus/${bus}/devices`);
    sys.link(`${driver}/module`, module);
    sys.link(`${module}/drivers/${registered}`, driver);
  }
  for (const { name, version, srcversion } of scenario.modules) {
    sys.attribute(`module/${name}/srcversion`, srcversion);
    sys.attribute(`module/${name}/initstate`, "live");
    if (version !== null) sys.attribute(`module/${name}/version`, version);
  }
  const unsafe = scenario.host.noiommu ? "Y" : "N";
  sys.attribute("module/vfio/parameters/enable_unsafe_noiommu_mode", unsafe);
}
