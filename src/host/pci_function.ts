import { lastPart, namesIn, parseHex, readAttribute, readLink } from "./attribute.ts";

/** A PCI function in sysfs. Ids are lower-case hexadecimal without `0x`. */
export interface PciFunction {
  vendor: string;
  device: string;
  revision: string;
  class: string;
  subsystem: string;
  function: "physical" | "virtual";
  /** For a physical function with SR-IOV on: the addresses of its virtual functions. */
  virtualFunctions: string[];
}

/**
 * The ids of a PCI function and its SR-IOV relations.
 *
 * Source: `<device>/{vendor,device,revision,class,subsystem_vendor,subsystem_device}`, `physfn`, `virtfnN`.
 */
export function readPciFunction(device: string, names = namesIn(device)): PciFunction {
  const id = (name: string) =>
    names.has(name) ? parseHex(readAttribute(`${device}/${name}`)) ?? "" : "";
  return {
    vendor: id("vendor"),
    device: id("device"),
    revision: id("revision"),
    class: id("class"),
    subsystem: `${id("subsystem_vendor")}:${id("subsystem_device")}`,
    function: names.has("physfn") ? "virtual" : "physical",
    virtualFunctions: readVirtualFunctions(device, names),
  };
}

/** The addresses of a physical function's current virtual functions, ordered by name. */
export function readVirtualFunctions(device: string, names = namesIn(device)): string[] {
  return [...names].filter((name) => /^virtfn\d+$/.test(name))
    .map((name) => lastPart(readLink(`${device}/${name}`) ?? "")).sort();
}

/** The address of a virtual function's physical function, or null for a physical one. */
export function readPhysicalFunction(device: string, names = namesIn(device)): string | null {
  const link = names.has("physfn") ? readLink(`${device}/physfn`) : null;
  return link === null ? null : lastPart(link);
}
