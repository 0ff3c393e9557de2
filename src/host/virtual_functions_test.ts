import { assertEquals } from "@std/assert";
import { plantDevice, plantEmptyHost } from "../../tests/fixtures/planted_host.ts";
import { listVirtualFunctions } from "./virtual_functions.ts";

Deno.test("listVirtualFunctions() returns functions with a physical function, except excluded ones", () => {
  using host = plantEmptyHost();
  const place = { bus: "pci", above: "pci0000:40" };
  plantDevice(host, { ...place, id: "0000:41:00.0" });
  for (const id of ["0000:41:00.2", "0000:41:00.1"]) {
    plantDevice(host, { ...place, id });
    host.sys.link(`devices/pci0000:40/${id}/physfn`, "devices/pci0000:40/0000:41:00.0");
  }
  const found = listVirtualFunctions(host.roots);
  assertEquals(found.map(({ id, parent }) => [id, parent]), [
    ["0000:41:00.1", "0000:41:00.0"],
    ["0000:41:00.2", "0000:41:00.0"],
  ]);
  assertEquals(found[0]?.path, `${host.roots.sys}/devices/pci0000:40/0000:41:00.1`);
  const rest = listVirtualFunctions(host.roots, new Set(["0000:41:00.1"]));
  assertEquals(rest.map(({ id }) => id), ["0000:41:00.2"]);
});
