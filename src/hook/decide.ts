import type { Answers } from "../answers/mod.ts";
import type { Create, Reason } from "../documents/mod.ts";
import type { JudgedArrival } from "./judge_arrival.ts";

/** What the hook does about a verdict. */
export const HOOK_POLICIES = ["log", "refuse", "place"] as const;
export type HookPolicy = (typeof HOOK_POLICIES)[number];

/** Where a device of the machine goes: on an idle device of this host, or on a new one. */
export interface Landing {
  arrival: JudgedArrival;
  on: { device: string } | { type: string; parent: string; create: Create | null };
  verdict: "compatible" | "unknown";
  evidence: JudgedArrival["evidence"];
}

/** What to do, and the sentences that say why. */
export type Decision =
  | { act: "pass"; lines: string[] }
  | { act: "refuse"; lines: string[] }
  | { act: "place"; landings: Landing[]; lines: string[] };

/** Options of {@link decide}. */
export interface DecideOptions {
  policy: HookPolicy;
  placeUnknown: boolean;
  /** Devices of this host that other machines are coming in on. */
  claimed: ReadonlySet<string>;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Decides about a migration that comes in. Pure. */
export function decide(
  judged: readonly JudgedArrival[],
  answers: Answers,
  { policy, placeUnknown, claimed }: DecideOptions,
): Decision {
  const lines = judged.map(wordsOf);
  if (policy === "log") return { act: "pass", lines };
  const isUsable = ({ verdict, isFree, hostdev }: JudgedArrival, verdicts: readonly string[]) =>
    isFree && verdicts.includes(verdict) && !claimed.has(hostdev.id);
  const noWay = whyNot(judged, answers);
  if (policy === "refuse") {
    return noWay.length > 0 ? { act: "refuse", lines: noWay } : { act: "pass", lines };
  }
  if (noWay.length === 0 && judged.every((one) => isUsable(one, ["compatible"]))) {
    return { act: "pass", lines };
  }
  const landings = findLandings(judged, answers, { placeUnknown, claimed });
  if (typeof landings !== "string") return { act: "place", landings, lines };
  if (noWay.length > 0) return { act: "refuse", lines: noWay };
  if (judged.every((one) => isUsable(one, ["compatible", "unknown"]))) {
    return { act: "pass", lines };
  }
  return { act: "refuse", lines: [...lines, landings] };
}

/** Why the machine cannot run here as its XML says; empty if it can, or if this is not known. */
function whyNot(judged: readonly JudgedArrival[], answers: Answers): string[] {
  const refused = judged.flatMap(({ verdict, hostdev, source, reasons }) => {
    if (verdict === "incompatible") return reasonLines(`device ${hostdev.id}`, reasons);
    const answer = answers.answers.find(({ source: { id } }) => id === source.id);
    if (verdict !== "absent" || answer === undefined || answer.offered > 0) return [];
    const none = `device ${hostdev.id} is not an idle VFIO device of this host, and nothing here ` +
      `can take ${source.id} (${source.type})`;
    const { configuration, reasons: why } = answer.refusals[0] ?? {};
    if (configuration === undefined) return [none, ...reasonLines("this host", answer.reasons)];
    const name = configuration.id ?? `new ${configuration.type} on ${configuration.parent}`;
    return [none, ...reasonLines(name, why ?? [])];
  });
  if (refused.length > 0 || answers.together.verdict !== "incompatible") return refused;
  return answers.together.blocking.flatMap(({ source, reasons }) => reasonLines(source, reasons));
}

/** A place for each device that is free now, or a sentence that says why there is none. */
function findLandings(
  judged: readonly JudgedArrival[],
  { answers, together }: Answers,
  { placeUnknown, claimed }: Omit<DecideOptions, "policy">,
): Landing[] | string {
  const free = together.plans.filter(({ now }) => now);
  if (free.length === 0) {
    const more = together.plans[0]?.reasons.map(({ sentence }) => `: ${sentence}`)[0] ?? "";
    return `no configuration that can take it is free now${more}`;
  }
  const wanted = free.filter(({ verdict }) => verdict === "compatible" || placeUnknown);
  if (wanted.length === 0) {
    return "every free configuration is unknown; hookPlaceUnknown permits to use one";
  }
  for (const { placements } of wanted) {
    const landings = judged.flatMap((arrival): Landing[] => {
      const placed = placements.find(({ source }) => source === arrival.source.id);
      if (placed === undefined) return [];
      const { configuration, offer, verdict, evidence } = placed;
      const offers = answers.find(({ source: { id } }) => id === placed.source)?.offers;
      const create = offers?.find(({ rank }) => rank === offer)?.create ?? null;
      const { kind, id, type, parent, instances = 1 } = configuration;
      const landing = { arrival, verdict, evidence };
      if (kind === "device" && id !== undefined) {
        const isSameKind = UUID.test(id) === (arrival.hostdev.type === "mdev");
        return isSameKind && !claimed.has(id) ? [{ ...landing, on: { device: id } }] : [];
      }
      if (kind !== "mdev-type" || arrival.hostdev.type !== "mdev") return [];
      if (parent === undefined || instances !== 1) return [];
      return [{ ...landing, on: { type, parent, create } }];
    });
    if (landings.length === judged.length) return landings;
  }
  return "every free configuration is claimed by another machine, or the hook cannot make it";
}

/** A verdict in words: `device 2222…: compatible (vendor-rule)`. */
function wordsOf({ hostdev, verdict, evidence, isFree, reasons }: JudgedArrival): string {
  const subject = `device ${hostdev.id}`;
  if (verdict === "absent") return `${subject}: not an idle VFIO device of this host`;
  const basis = evidence === null ? "" : ` (${evidence})`;
  const codes = reasons.map(({ code }) => code).join(", ");
  const use = isFree ? "" : ", not free now";
  return `${subject}: ${verdict}${basis}${codes === "" ? "" : `, ${codes}`}${use}`;
}

const reasonLines = (subject: string, reasons: readonly Reason[]): string[] =>
  reasons.map(({ code, sentence }) => `${subject}: ${code}: ${sentence}`);
