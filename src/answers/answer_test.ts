import { assertEquals } from "@std/assert";
import { ask, judgeOne, listCandidates } from "../judge/ask/mod.ts";
import {
  type Device,
  type DeviceType,
  formatSnapshot,
  Identity,
  parseSnapshot,
  type Snapshot,
} from "../documents/mod.ts";
import { shippedRules } from "../judge/rules/mod.ts";
import { mttyIdentity } from "../../tests/fixtures/identity.ts";
import { mttyDevice, mttySnapshot } from "../../tests/fixtures/snapshot.ts";
import { answer, answerTogether } from "./answer.ts";

const FIXTURES = new URL("../../tests/fixtures/", import.meta.url);

function readAll(folder: string): unknown[] {
  const directory = new URL(`${folder}/`, FIXTURES);
  return Array.from(Deno.readDirSync(directory), ({ name }) => name)
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(Deno.readTextFileSync(new URL(name, directory))));
}

const SOURCES = readAll("identities").map((document) => Identity.parse(document) as Identity);
const HOSTS = readAll("hosts").map((document) => ({
  ...parseSnapshot(document),
  rules: shippedRules(),
}));

Deno.test("answer() is the same after the snapshot was written and read again, for every recorded pair", () => {
  for (const host of HOSTS) {
    const read = parseSnapshot(JSON.parse(formatSnapshot(host)));
    for (const source of SOURCES) assertEquals(answer(read, source), answer(host, source));
  }
});

/** A host with a copy of each of its devices under another name. */
function twice(host: Snapshot): Snapshot {
  const devices = host.devices.flatMap((device) => [device, { ...device, id: `${device.id}-b` }]);
  return { ...host, devices };
}

Deno.test("ask() judges each device of a class as judgeOne() does, for every recorded pair", () => {
  for (const host of HOSTS.map(twice)) {
    const entries = new Map<string, Device | DeviceType>([
      ...host.devices.map((device) => [device.id, device] as const),
      ...host.types.map((type) => [`${type.type} ${type.parent}`, type] as const),
    ]);
    for (const source of SOURCES) {
      const { offers, refusals, refused } = ask(host, source);
      assertEquals(refusals.length, refused);
      assertEquals(offers.length + refused, listCandidates(host).length);
      for (
        const { configuration, verdict, evidence, reasons, warnings } of [...offers, ...refusals]
      ) {
        const { id, type, parent } = configuration;
        const alone = judgeOne(host, source, entries.get(id ?? `${type} ${parent}`)!);
        assertEquals(
          { configuration, verdict, evidence, reasons, warnings },
          {
            configuration: alone.configuration,
            verdict: alone.verdict,
            evidence: alone.evidence,
            reasons: alone.reasons,
            warnings: alone.warnings,
          },
        );
      }
    }
  }
});

/** A host with `count` free devices of the source's type, and `count` of another type. */
function manyDevices(count: number): Snapshot {
  return mttySnapshot({
    devices: Array.from({ length: count }, (_, n) => [
      mttyDevice({ id: `fits-${String(n).padStart(4, "0")}` }),
      mttyDevice({ id: `other-${n}`, type: "mtty-9" }),
    ]).flat(),
    types: [],
  });
}

Deno.test("answer() lists the best offers, and counts all", () => {
  const host = manyDevices(30);
  const { offers, offered } = answer(host, mttyIdentity(), { offers: 3 });
  assertEquals([offers.map(({ rank }) => rank), offered], [[1, 2, 3], 30]);
  const all = answer(host, mttyIdentity());
  assertEquals([all.offers.length, all.offers.slice(0, 3)], [30, offers]);
});

Deno.test("answer() lists refusals grouped, each, or only counts them", () => {
  const host = manyDevices(30);
  const counts = (["none", "grouped", "each"] as const).map((refusals) => {
    const { refused, refusals: told } = answer(host, mttyIdentity(), { refusals });
    return [refused, told.length, told.reduce((sum, { count = 1 }) => sum + count, 0)];
  });
  assertEquals(counts, [[30, 0, 0], [30, 1, 30], [30, 30, 30]]);
});

Deno.test("answer() for a host of 1,000 devices has a limited size, also for several sources", async () => {
  const host = manyDevices(500);
  const options = { offers: 20 };
  const alone = JSON.stringify(answer(host, mttyIdentity(), options));
  assertEquals(alone.length < 50_000, true, `${alone.length} bytes`);
  const sources = ["a", "b"].map((id) => mttyIdentity({ id }));
  const { answers, together } = await answerTogether(host, sources, { optionsOf: () => options });
  assertEquals(answers.map(({ offers, offered, refused }) => [offers.length, offered, refused]), [
    [20, 500, 500],
    [20, 500, 500],
  ]);
  assertEquals([together.verdict, together.plans[0]?.placements.length], ["compatible", 2]);
});
