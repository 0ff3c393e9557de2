import { assertEquals } from "@std/assert";
import { plantDevice, plantEmptyHost } from "../../tests/fixtures/planted_host.ts";
import { readPciFunction, readPhysicalFunction } from "./pci_function.ts";

const IDS = {
  vendor: "0x15b3",
  device: "0x1021",
  subsystem_vendor: "0x15B3",
  subsystem_device: "0x0058",
  revision: "0x00",
  class: "0x020000",
};
const ABOVE = "pci0000:c0/0000:c0:01.1";

Deno.test("readPciFunction() returns ids in lower case without 0x", () => {
  using host = plantEmptyHost();
  const device = plantDevice(host, {
    bus: "pci",
    id: "0000:c1:00.0",
    above: ABOVE,
    attributes: IDS,
  });
  assertEquals(readPciFunction(device), {
    vendor: "15b3",
    device: "1021",
    subsystem: "15b3:0058",
    revision: "00",
    class: "020000",
    function: "physical",
    virtualFunctions: [],
  });
});

Deno.test("readPciFunction() links a physical function and its virtual functions both ways", () => {
  using host = plantEmptyHost();
  const ids = ["0000:c1:00.0", "0000:c1:00.2", "0000:c1:00.3"];
  const [physical, first, second] = ids.map((id) =>
    plantDevice(host, { bus: "pci", id, above: ABOVE, attributes: IDS })
  );
  host.sys.link(`devices/${ABOVE}/0000:c1:00.0/virtfn0`, `devices/${ABOVE}/0000:c1:00.2`);
  host.sys.link(`devices/${ABOVE}/0000:c1:00.0/virtfn1`, `devices/${ABOVE}/0000:c1:00.3`);
  for (const id of ids.slice(1)) {
    host.sys.link(`devices/${ABOVE}/${id}/physfn`, `devices/${ABOVE}/0000:c1:00.0`);
  }
  assertEquals(readPciFunction(physical!).virtualFunctions, ids.slice(1));
  assertEquals(readPciFunction(first!).function, "virtual");
  assertEquals(readPhysicalFunction(second!), "0000:c1:00.0");
  assertEquals(readPhysicalFunction(physical!), null);
});
