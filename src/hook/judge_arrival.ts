import type { Answers } from "../answers/mod.ts";
import type { Configuration, Evidence, Reason } from "../documents/mod.ts";
import type { Arrival } from "./pair_devices.ts";

/** What this host says about a device of the machine, on the device that the XML names. */
export interface JudgedArrival extends Arrival {
  /** `absent`: this host has no such VFIO device, or an mdev of this name is in use. */
  verdict: "compatible" | "unknown" | "incompatible" | "absent";
  evidence: Evidence | null;
  /** Whether the device is idle. */
  isFree: boolean;
  reasons: Reason[];
}

/** Judges each device as the XML names it, from an answer that lists every offer and refusal. Pure. */
export function judgeArrivals(arrivals: readonly Arrival[], answers: Answers): JudgedArrival[] {
  return arrivals.map((arrival) => {
    const { id } = arrival.hostdev;
    const answer = answers.answers.find(({ source }) => source.id === arrival.source.id);
    const isIt = ({ configuration }: { configuration: Configuration }) =>
      configuration.kind === "device" && configuration.id === id;
    const found = answer?.offers.find(isIt) ?? answer?.refusals.find(isIt);
    if (found === undefined) {
      return { ...arrival, verdict: "absent", evidence: null, isFree: false, reasons: [] };
    }
    const { verdict, evidence, reasons, availability } = found;
    return { ...arrival, verdict, evidence, isFree: availability.now, reasons };
  });
}
