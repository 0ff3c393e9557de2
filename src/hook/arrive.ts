import { Failure, type Identity } from "../documents/mod.ts";
import type { HostRoots } from "../host/mod.ts";
import { changeDomainXml, readDomainXml } from "../vms/mod.ts";
import type { ServiceAnswer } from "./ask_service.ts";
import { decide, type DecideOptions, type Landing } from "./decide.ts";
import { judgeArrivals, type JudgedArrival } from "./judge_arrival.ts";
import { isMdev, makeMdev, removeMdev } from "./make_devices.ts";
import { type Arrival, pairDevices } from "./pair_devices.ts";
import { type ArrivalRecord, type Records, withRecords } from "./records.ts";
import { readTag } from "./tag.ts";

/** What the hook needs. */
export interface HookWorld extends Omit<DecideOptions, "claimed"> {
  roots: HostRoots;
  /** The directory of the records. */
  runDirectory: string;
  ask: (sources: readonly Identity[]) => Promise<ServiceAnswer>;
  /** Starts the follower of a record, which goes on after the hook has ended. */
  follow: (record: ArrivalRecord) => void;
  nowMs: () => number;
}

/** What the hook does with a migration. */
export interface Arrived {
  /** False stops the migration. */
  passes: boolean;
  /** The XML that replaces the one that came in; empty if it does not change. */
  xml: string;
  /** For the log if the migration passes, otherwise for the operator. */
  lines: string[];
}

/** A migration does not take longer than this: an older record claims no devices. */
const MOST_MS = 24 * 60 * 60 * 1000;

/**
 * Decides about a migration that comes in, and makes what it needs. What cannot be judged passes.
 *
 * Effect: asks the service; under the policy `place`, makes mdevs; writes a record, and starts its follower.
 */
export async function arrive(name: string, xml: string, world: HookWorld): Promise<Arrived> {
  const arrivals = readArrivals(xml);
  if (typeof arrivals === "string") return passUnjudged(arrivals);
  const answer = await world.ask(arrivals.map(({ source }) => source));
  if ("why" in answer) return passUnjudged(answer.why);
  if ("reasons" in answer) {
    const lines = answer.reasons.map(({ code, sentence }) => `${code}: ${sentence}`);
    return { passes: world.policy === "log", xml: "", lines };
  }
  const { answers } = answer;
  const judged = judgeArrivals(arrivals, answers);
  return await withRecords(world.runDirectory, async (records) => {
    const before = records.read(name);
    const record: ArrivalRecord = {
      id: crypto.randomUUID(),
      name,
      atMs: world.nowMs(),
      devices: judged.map(predictionOf),
      // An attempt that ended before libvirt could report it left these.
      made: (before?.made ?? []).filter((uuid) => isMdev(world.roots, uuid)),
    };
    const claimed = claimedBy(records, record);
    const decision = decide(judged, answers, { ...world, claimed });
    if (decision.act === "refuse") return { passes: false, xml: "", lines: decision.lines };
    if (decision.act === "pass") {
      records.write(record);
      world.follow(record);
      return { passes: true, xml: "", lines: decision.lines };
    }
    return await place(xml, decision.landings, { record, records, world });
  });
}

const passUnjudged = (why: string): Arrived => ({
  passes: true,
  xml: "",
  lines: [`passed without a judgement: ${why}`],
});

/** The devices of the machine that comes in; a sentence if they are not known. */
function readArrivals(xml: string): Arrival[] | string {
  try {
    const { hostdevs } = readDomainXml(xml);
    if (hostdevs.length === 0) return "the machine has no VFIO device";
    const machine = readTag(xml);
    if (machine === null) return "no identity in its <metadata>; run vfio-ask vm tag on the source";
    return pairDevices(machine.sources, hostdevs);
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}

function predictionOf({ source, hostdev, verdict, evidence }: JudgedArrival) {
  const predicted = verdict === "absent" ? null : { verdict, evidence };
  return { source, device: hostdev.id, predicted };
}

/** The devices that other machines are coming in on. */
function claimedBy(records: Records, { name, atMs }: ArrivalRecord): ReadonlySet<string> {
  const others = records.list().filter((other) => other.name !== name)
    .filter((other) => other.atMs > atMs - MOST_MS);
  return new Set(others.flatMap(({ devices }) => devices.map(({ device }) => device)));
}

/** Makes the devices and puts them into the XML. If one cannot be made, none is, and the migration is refused. */
async function place(
  xml: string,
  landings: readonly Landing[],
  { record, records, world }: { record: ArrivalRecord; records: Records; world: HookWorld },
): Promise<Arrived> {
  const { roots } = world;
  const placed = landings.map(({ arrival: { source, hostdev }, on, verdict, evidence }) => {
    const device = "device" in on
      ? on.device
      : isMdev(roots, hostdev.id)
      ? crypto.randomUUID()
      : hostdev.id;
    return { source, hostdev, on, device, predicted: { verdict, evidence } };
  });
  const uuids = placed.flatMap(({ on, device }) => "device" in on ? [] : [device]);
  const targets = new Map(
    readDomainXml(xml).hostdevs.map(({ id, type }) => [id, { kind: type, id }]),
  );
  for (const { hostdev: { id, type }, device } of placed) {
    targets.set(id, { kind: type, id: device });
  }
  const text = changeDomainXml(xml, targets);
  record.devices = placed.map(({ source, device, predicted }) => ({ source, device, predicted }));
  record.made.push(...uuids);
  records.write(record);
  try {
    for (const { on, device } of placed) {
      if (!("device" in on)) await makeMdev(roots, { ...on, uuid: device });
    }
  } catch (error) {
    for (const uuid of record.made) await removeMdev(roots, uuid);
    records.remove(record.name);
    return { passes: false, xml: "", lines: [(error as Error).message] };
  }
  world.follow(record);
  const lines = placed.map(({ source, on, device, predicted: { verdict, evidence } }) => {
    const where = "device" in on ? "device" : `new ${on.type} on ${on.parent} as`;
    const basis = evidence === null ? "" : ` (${evidence})`;
    return `placed: ${source.id} on ${where} ${device}: ${verdict}${basis}`;
  });
  return { passes: true, xml: text === xml ? "" : text, lines };
}
