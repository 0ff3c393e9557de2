import type { Evidence, PciConfig, Reason, Verdict } from "../identity/mod.ts";
import type { Ran } from "./run_steps.ts";

/** What a test says: the verdict, what it rests on, and why. */
export interface TestVerdict {
  verdict: Verdict;
  evidence: Evidence | null;
  reasons: Reason[];
}

/** What is judged: the run, and what it was made with. */
export interface Tested {
  /** The driver's name, with which sentences start. */
  driver: string;
  ran: Ran;
  /** How much was handed over, and which part of the stream it is. */
  source: { bytes: number; phase: "pre-copy" | "stop-copy" };
}

/** There is nothing that a driver could be asked with. Pure. */
export function verdictWithoutData(driver: string, why: string): TestVerdict {
  const sentence = `${driver}: there is no initial data to test with: ${why}`;
  return {
    verdict: "unknown",
    evidence: null,
    reasons: [{ code: "InitialDataMissing", sentence, source: "none", host: null }],
  };
}

/**
 * The verdict of a run. A refused write is the driver's no. A taken one is its yes only where the driver was
 * given at least what it calls initial itself: of fewer bytes it may not have looked at any. Pure.
 */
export function judge({ driver, ran, source }: Tested): TestVerdict {
  const { refused, writtenBytes, initialBytes } = ran;
  const values = {
    source: `${source.bytes} bytes`,
    host: initialBytes === null ? null : `${initialBytes} bytes`,
  };
  if (refused !== null) {
    const isVerdict = /^(write|data|data_size|device_state after data_size)$/.test(refused.step);
    const answer = refused.errno ?? "the error state";
    if (!isVerdict) {
      const sentence = `${driver}: the test could not be made: ${refused.step} gave ${answer}`;
      return unknown("TestFailed", sentence, { ...values, check: refused });
    }
    const sentence =
      `${driver} refused the source's initial data with ${answer}, after ${writtenBytes} of ${source.bytes} bytes`;
    const reasons = [{ code: "DriverRefused", sentence, ...values, check: refused }];
    return { verdict: "incompatible", evidence: "driver-tested", reasons };
  }
  const check = { step: "write", errno: null };
  if (writtenBytes < source.bytes) {
    return unknown(
      "PartlyTaken",
      `${driver} took ${writtenBytes} of ${source.bytes} bytes and no more`,
      { ...values, check },
    );
  }
  if (source.phase === "stop-copy") {
    const sentence =
      `${driver} did not refuse the first ${source.bytes} bytes of the source's STOP_COPY data, which proves nothing`;
    return unknown("NotRefused", sentence, { ...values, check });
  }
  if (initialBytes === null || initialBytes === 0 || source.bytes < initialBytes) {
    const own = initialBytes === null
      ? "does not say how much it calls initial"
      : `calls ${initialBytes} bytes initial`;
    const sentence =
      `${driver} did not refuse the source's ${source.bytes} bytes, and ${own}: it may not have looked at them`;
    return unknown("InitialDataShort", sentence, { ...values, check });
  }
  const sentence = `${driver} accepted the source's ${source.bytes} bytes of initial data`;
  const reasons = [{ code: "DriverAccepted", sentence, ...values, check }];
  return { verdict: "compatible", evidence: "driver-tested", reasons };
}

/** A driver's yes is not the monitor's: what the guest sees must be the same too. Pure. */
export function withPciConfig(
  judged: TestVerdict,
  reason: (theirs: PciConfig, ours: PciConfig) => Reason | null,
  { source, target }: { source: PciConfig | null; target: PciConfig | null },
): TestVerdict {
  const differs = source === null || target === null ? null : reason(source, target);
  if (differs === null) return judged;
  return { ...judged, verdict: "incompatible", reasons: [...judged.reasons, differs] };
}

function unknown(
  code: string,
  sentence: string,
  rest: Pick<Reason, "source" | "host" | "check">,
): TestVerdict {
  return { verdict: "unknown", evidence: null, reasons: [{ code, sentence, ...rest }] };
}
