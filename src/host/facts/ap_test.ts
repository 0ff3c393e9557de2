import { assertEquals } from "@std/assert";
import {
  plantDevice,
  type PlantedHost,
  plantEmptyHost,
  plantMdevType,
  plantRefusal,
} from "../../../tests/fixtures/planted_host.ts";
import { readMdevTypes } from "../mdev_types.ts";
import { parseMatrix } from "./ap_queues.ts";
import type { Facts } from "./fact.ts";
import { readTypeFacts } from "./read_facts.ts";
import { factsOf, plantMdev } from "./testing.ts";

const MATRIX = "vfio_ap/matrix";
const TYPE = "vfio_ap-passthrough";
const NAME = "VFIO AP Passthrough Device";

function plantQueue(host: PlantedHost, id: string, driver?: string): void {
  const above = `ap/card${id.slice(0, 2)}`;
  plantDevice(host, { bus: "ap", id, above, ...(driver === undefined ? {} : { driver }) });
}

function plantCard(host: PlantedHost, card: string, type: string): void {
  const device = { bus: "ap", id: `card${card}`, above: "ap", driver: "cex4card" };
  plantDevice(host, { ...device, attributes: { type } });
}

/** Two cards with two domains: one queue is the host's, one is unbound, two are bound to vfio_ap. */
function plantQueues(host: PlantedHost): void {
  plantCard(host, "05", "CEX7C");
  plantCard(host, "06", "CEX8P");
  plantQueue(host, "05.0004", "vfio_ap");
  plantQueue(host, "05.0047", "vfio_ap");
  plantQueue(host, "06.0004", "cex4queue");
  plantQueue(host, "06.0047");
}

function readType(host: PlantedHost, mdevs: readonly string[]): Facts {
  plantMdevType(host, { parent: MATRIX, type: TYPE, attributes: { name: NAME }, mdevs });
  host.sys.link("class/mdev_bus/matrix", `devices/${MATRIX}`);
  return readTypeFacts(host.roots, readMdevTypes(host.roots, "matrix")[0]!);
}

Deno.test("AP_QUEUES counts a queue as free if vfio_ap has it and no mdev uses it", () => {
  using host = plantEmptyHost();
  plantQueues(host);
  host.sys.attribute(`devices/${MATRIX}/m1/matrix`, "05.0004");
  host.sys.attribute(`devices/${MATRIX}/m2/matrix`, "06.\n07.");
  assertEquals(readType(host, ["m1", "m2"]), {
    typeName: NAME,
    queues: ["05.0004", "05.0047", "06.0004", "06.0047"],
    queuesFree: ["05.0047"],
    cards: ["05 CEX7C", "06 CEX8P"],
  });
});

Deno.test("AP_QUEUES has a null for free queues if a matrix cannot be read", () => {
  using host = plantEmptyHost();
  plantQueues(host);
  plantRefusal(host.sys, `devices/${MATRIX}/m1/matrix`);
  assertEquals(readType(host, ["m1"])["queuesFree"], null);
});

Deno.test("AP_QUEUES has empty sets on a host without queues", () => {
  using host = plantEmptyHost();
  assertEquals(readType(host, []), { typeName: NAME, queues: [], queuesFree: [], cards: [] });
});

Deno.test("AP_MATRIX of an mdev has its queues, its guest's queues and their cards", () => {
  using host = plantEmptyHost();
  plantQueues(host);
  const planted = plantMdev(host, {
    above: MATRIX,
    type: TYPE,
    name: NAME,
    driver: "vfio_ap_mdev",
    attributes: {
      matrix: "05.0004\n05.0047\n06.0004\n06.0047",
      guest_matrix: "05.0004\n05.0047",
      control_domains: "0004\n0047",
    },
  });
  assertEquals(factsOf(host, planted), {
    typeName: NAME,
    matrix: ["05.0004", "05.0047", "06.0004", "06.0047"],
    guestMatrix: ["05.0004", "05.0047"],
    controlDomains: ["0004", "0047"],
    cards: ["05 CEX7C", "06 CEX8P"],
  });
});

Deno.test("AP_MATRIX works without guest_matrix, and for an mdev without assigned queues", () => {
  using host = plantEmptyHost();
  const attributes = { matrix: "", control_domains: "" };
  const planted = plantMdev(host, {
    ...{ above: MATRIX, type: TYPE, name: NAME, driver: "vfio_ap_mdev" },
    attributes,
  });
  const facts = { matrix: [], guestMatrix: null, controlDomains: [], cards: [] };
  assertEquals(factsOf(host, planted), { typeName: NAME, ...facts });
});

Deno.test("parseMatrix() returns no queue if cards or domains are missing", () => {
  assertEquals(parseMatrix("05.\n06.\n"), []);
  assertEquals(parseMatrix(".0004\n"), []);
  assertEquals(parseMatrix("06.0004\n05.00ff\n"), ["05.00ff", "06.0004"]);
});
