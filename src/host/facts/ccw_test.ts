import { assertEquals } from "@std/assert";
import { type PlantedHost, plantEmptyHost } from "../../../tests/fixtures/planted_host.ts";
import { readMdevTypes } from "../mdev_types.ts";
import { parseChannelPaths } from "./ccw.ts";
import { readTypeFacts } from "./read_facts.ts";
import { factsOf, type PlantedSubject, plantMdev } from "./testing.ts";

const SUBCHANNEL = "css0/0.0.0042";
const NAME = "I/O subchannel (Non-QDIO)";

function plantSubchannel(host: PlantedHost, attributes: Record<string, string>): PlantedSubject {
  for (const [name, text] of Object.entries(attributes)) {
    host.sys.attribute(`devices/${SUBCHANNEL}/${name}`, text);
  }
  const type = { type: "vfio_ccw-io", name: NAME, driver: "vfio_ccw_mdev" };
  return plantMdev(host, { above: SUBCHANNEL, ...type });
}

Deno.test("CCW describes what the subchannel leads to, for an mdev and its type", () => {
  using host = plantEmptyHost();
  const planted = plantSubchannel(host, {
    type: "0",
    dev_busid: "0.0.1234",
    chpids: "41 40 00 00 00 00 00 00 ",
    pimpampom: "c0 c0 ff",
  });
  const facts = {
    typeName: NAME,
    busDevice: "0.0.1234",
    subchannelType: "0",
    chpids: ["40", "41"],
    pimpampom: "c0 c0 ff",
  };
  assertEquals(factsOf(host, planted), facts);
  host.sys.link("class/mdev_bus/0.0.0042", `devices/${SUBCHANNEL}`);
  const [type] = readMdevTypes(host.roots, "0.0.0042");
  assertEquals(readTypeFacts(host.roots, type!), facts);
});

Deno.test("CCW has no device number if the subchannel has no valid device", () => {
  using host = plantEmptyHost();
  const facts = factsOf(host, plantSubchannel(host, { type: "0", dev_busid: "none" }));
  const nulls = { busDevice: null, chpids: null, pimpampom: null };
  assertEquals(facts, { typeName: NAME, subchannelType: "0", ...nulls });
});

Deno.test("parseChannelPaths() uses the mask of installed paths to decide about path 00", () => {
  const text = "00 41 00 00 00 00 00 00 ";
  assertEquals(parseChannelPaths(text, "c0 c0 ff"), ["00", "41"]);
  assertEquals(parseChannelPaths(text, "40 40 ff"), ["41"]);
  assertEquals(parseChannelPaths(text, null), ["41"]);
});
