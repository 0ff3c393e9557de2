import { type Capabilities, mayBeTheHosts } from "../../src/documents/mod.ts";
import type { Fault } from "../fixtures/inject_faults.ts";
import type { CleanRun, Operation, Outcome } from "./run_faults.ts";

/** The false claims of a run: a verdict or a fact that the fault caused. */
export function falseAnswers(
  { operation, outcome, clean, fault }: {
    operation: Operation;
    outcome: Outcome;
    clean: CleanRun;
    fault: Fault;
  },
): string[] {
  const found: string[] = [];
  const { verdict, capabilities, initialBytes } = outcome;
  const isForEver = fault.times === undefined;
  const failsProof = isForEver && (fault.from ?? 0) <= clean.proof &&
    ("errno" in fault || fault.bytes === 0);
  if (verdict === "compatible" && clean.outcome.verdict !== "compatible") {
    found.push("falsely compatible");
  }
  if (verdict === "compatible" && failsProof) found.push("compatible without proof");
  if (verdict === "incompatible" && clean.outcome.verdict !== "incompatible") {
    if (!isAnswerToWrite(clean, fault, operation)) found.push("falsely incompatible");
  }
  if (initialBytes !== null && !operation.mayEnd && initialBytes !== clean.outcome.initialBytes) {
    found.push(`initial data of ${initialBytes} bytes, not ${clean.outcome.initialBytes}`);
  }
  if (capabilities !== null && !isAbsence(fault)) {
    found.push(...falseFacts(capabilities, clean.outcome.capabilities));
  }
  return found;
}

/** errnos that mean that a kernel or driver lacks something. */
const isAbsence = (fault: Fault) =>
  "errno" in fault && ["ENOTTY", "EOPNOTSUPP", "ENOENT"].includes(fault.errno);

/** The false facts about a device. An unknown fact is not false. */
function falseFacts(seen: Capabilities, clean: Capabilities | null): string[] {
  if (clean === null) return ["it answered, but does not without faults"];
  const found: string[] = [];
  const { migration: { uapi, stopCopyBytes, checks = [] }, dirtyTracking, pciConfig } = seen;
  if (uapi !== "unknown" && uapi !== clean.migration.uapi) found.push(`uapi is ${uapi}`);
  if (stopCopyBytes !== clean.migration.stopCopyBytes && checks.length === 0) {
    found.push(`stopCopyBytes is ${stopCopyBytes}, without an errno`);
  }
  for (const by of ["device", "iommu"] as const) {
    const { result } = dirtyTracking[by];
    // Without /dev/iommu, a device is opened by its group, and then no IOMMU tracks dirty pages.
    const isAsked = by === "iommu" ? seen.path === clean.path : seen.migration.dmaLogging !== null;
    if (isAsked && result === "absent" && clean.dirtyTracking[by].result !== "absent") {
      found.push(`dirty tracking by ${by} is absent`);
    }
  }
  if (pciConfig !== null && JSON.stringify(pciConfig) !== JSON.stringify(clean.pciConfig)) {
    found.push("the PCI configuration differs");
  }
  return found;
}

/**
 * Whether the fault looks like the driver's answer to the write of the source's data. Without controls, nothing shows
 * the difference.
 */
function isAnswerToWrite({ calls, proof }: CleanRun, fault: Fault, operation: Operation): boolean {
  if (!("errno" in fault) || mayBeTheHosts(fault.errno) || fault.times !== undefined) return false;
  const before = calls.slice(0, proof + 1);
  const writes = before.flatMap((call, index) => /^p?write /.test(call) ? [index] : []);
  const isV1 = before.some((call) => call.startsWith("pwrite "));
  const handed = writes.slice(isV1 ? -2 : -1);
  return !operation.hasOwnToShow && handed.includes(fault.from ?? 0);
}
