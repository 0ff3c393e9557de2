import { assertEquals, assertStringIncludes } from "@std/assert";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { mttyDevice, mttySnapshot, mttyType } from "../../tests/fixtures/snapshot.ts";
import { answerTogether } from "../answers/mod.ts";
import type { Snapshot } from "../documents/mod.ts";
import { readDomainXml } from "../vms/mod.ts";
import { decide, type DecideOptions } from "./decide.ts";
import { judgeArrivals } from "./judge_arrival.ts";
import { pairDevices } from "./pair_devices.ts";

const IDS = [1, 2].map((digit) => `${String(digit).repeat(8)}-0000-4000-8000-000000000000`);
const SOURCES = IDS.map((id) => mttyIdentity({ id }));
const HERE = mttyDevice().id;

/** The decision about a machine with two devices that names these devices. */
async function decideAbout(
  snapshot: Snapshot,
  names: readonly string[],
  options: Partial<DecideOptions> = {},
) {
  const devices = names.map((id) =>
    `<hostdev mode='subsystem' type='mdev'><source><address uuid='${id}'/></source></hostdev>`
  );
  const xml = `<domain><name>x</name><devices>${devices.join("")}</devices></domain>`;
  const pairs = pairDevices(SOURCES, readDomainXml(xml).hostdevs);
  if (typeof pairs === "string") throw new Error(pairs);
  const list = () => ({ refusals: "each" as const });
  const answers = await answerTogether(snapshot, SOURCES, { optionsOf: list, plans: 10 });
  const none = { policy: "place", placeUnknown: false, claimed: new Set<string>() } as const;
  return decide(judgeArrivals(pairs, answers), answers, { ...none, ...options });
}

/** Where each device lands, in words. */
const placesOf = (decision: Awaited<ReturnType<typeof decideAbout>>) =>
  decision.act !== "place"
    ? decision.act
    : decision.landings.map(({ on }) => "device" in on ? on.device : on.type).toSorted();

Deno.test("decide() places all devices of a machine, each on another", async () => {
  assertEquals(placesOf(await decideAbout(mttySnapshot(), IDS)), [HERE, "mtty-2"]);
});

Deno.test("decide() uses no claimed device", async () => {
  const claimed = new Set([HERE]);
  const places = placesOf(await decideAbout(mttySnapshot(), IDS, { claimed }));
  assertEquals(Array.isArray(places) && places.includes(HERE), false);
});

Deno.test("decide() places on no device in use, and says that none is free", async () => {
  const holder = { pid: 1, name: "qemu", node: "/dev/vfio/1" };
  const used = mttyDevice({ use: { state: "in-use", holder } });
  const two = [used, { ...used, id: IDS[0]!.replaceAll("1", "9") }];
  const types = [mttyType({ availableInstances: 0, instances: two.map(({ id }) => id) })];
  const names = two.map(({ id }) => id);
  const decision = await decideAbout(mttySnapshot({ devices: two, types }), names);
  assertEquals(decision.act, "refuse");
  assertStringIncludes(decision.act === "refuse" ? decision.lines.join() : "", "free now");
});

Deno.test("decide() refuses devices that cannot land together, although each could", async () => {
  const snapshot = mttySnapshot({ types: [] });
  for (const policy of ["refuse", "place"] as const) {
    assertEquals((await decideAbout(snapshot, IDS, { policy })).act, "refuse", policy);
  }
  assertEquals((await decideAbout(snapshot, IDS, { policy: "log" })).act, "pass");
});
