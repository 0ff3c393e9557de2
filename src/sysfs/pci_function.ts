import { join } from "@std/path";
import { lastPart, listDirectory, parseHex, readAttribute, readLink } from "./attribute.ts";

/** What sysfs says of a PCI function. Ids are lower-case hexadecimal without `0x`. */
export interface PciFunction {
  vendor: string;
  device: string;
  revision: string;
  class: string;
  subsystem: string;
  function: "physical" | "virtual";
  /** Of a physical function with SR-IOV on: the addresses of its virtual ones. */
  virtualFunctions: string[];
}

/**
 * A PCI function's ids and its place in SR-IOV.
 *
 * Source: `<device>/{vendor,device,revision,class,subsystem_vendor,subsystem_device}`, `physfn`, `virtfnN`.
 */
export function readPciFunction(device: string): PciFunction {
  const id = (name: string) => parseHex(readAttribute(join(device, name))) ?? "";
  const links = listDirectory(device).filter((name) => /^virtfn\d+$/.test(name));
  return {
    vendor: id("vendor"),
    device: id("device"),
    revision: id("revision"),
    class: id("class"),
    subsystem: `${id("subsystem_vendor")}:${id("subsystem_device")}`,
    function: readPhysicalFunction(device) === null ? "physical" : "virtual",
    virtualFunctions: links.map((name) => lastPart(readLink(join(device, name)) ?? "")).sort(),
  };
}

/** The address of the physical function that a virtual one belongs to, null for a physical one. */
export function readPhysicalFunction(device: string): string | null {
  const link = readLink(join(device, "physfn"));
  return link === null ? null : lastPart(link);
}
