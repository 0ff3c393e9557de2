import { type Capabilities, mayBeTheHosts } from "../../src/documents/mod.ts";
import type { Fault } from "../fixtures/inject_faults.ts";
import type { CleanRun, Operation, Outcome } from "./run_faults.ts";

/** What a run claims that is not so: a yes, a no, or a fact that the fault made up. */
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
  if (verdict === "compatible" && clean.outcome.verdict !== "compatible") found.push("a false yes");
  if (verdict === "compatible" && failsProof) found.push("a yes without its proof");
  if (verdict === "incompatible" && clean.outcome.verdict !== "incompatible") {
    if (!isAnswerToWrite(clean, fault, operation)) found.push("a false no");
  }
  if (initialBytes !== null && !operation.mayEnd && initialBytes !== clean.outcome.initialBytes) {
    found.push(`initial data of ${initialBytes} bytes, not ${clean.outcome.initialBytes}`);
  }
  if (capabilities !== null && !isAbsence(fault)) {
    found.push(...falseFacts(capabilities, clean.outcome.capabilities));
  }
  return found;
}

/** errnos that say that a kernel or driver has no such thing. */
const isAbsence = (fault: Fault) =>
  "errno" in fault && ["ENOTTY", "EOPNOTSUPP", "ENOENT"].includes(fault.errno);

/** What a device is said to be or to lack that it does not; that something is not known is no such thing. */
function falseFacts(seen: Capabilities, clean: Capabilities | null): string[] {
  if (clean === null) return ["it answered, which it does not without faults"];
  const found: string[] = [];
  const { migration: { uapi, stopCopyBytes, checks = [] }, dirtyTracking, pciConfig } = seen;
  if (uapi !== "unknown" && uapi !== clean.migration.uapi) found.push(`uapi is ${uapi}`);
  if (stopCopyBytes !== clean.migration.stopCopyBytes && checks.length === 0) {
    found.push(`stopCopyBytes is ${stopCopyBytes}, and no errno is told`);
  }
  for (const by of ["device", "iommu"] as const) {
    const { result } = dirtyTracking[by];
    // Without /dev/iommu a device is opened by its group, and then no IOMMU tracks.
    const isAsked = by === "iommu" ? seen.path === clean.path : seen.migration.dmaLogging !== null;
    if (isAsked && result === "absent" && clean.dirtyTracking[by].result !== "absent") {
      found.push(`dirty tracking by ${by} is absent`);
    }
  }
  if (pciConfig !== null && JSON.stringify(pciConfig) !== JSON.stringify(clean.pciConfig)) {
    found.push("the PCI configuration is another");
  }
  return found;
}

/**
 * Whether the fault is what the driver answered to the write of the source's data, as far as anybody can tell: without
 * controls its device's own data does not show otherwise.
 */
function isAnswerToWrite({ calls, proof }: CleanRun, fault: Fault, operation: Operation): boolean {
  if (!("errno" in fault) || mayBeTheHosts(fault.errno) || fault.times !== undefined) return false;
  const before = calls.slice(0, proof + 1);
  const writes = before.flatMap((call, index) => /^p?write /.test(call) ? [index] : []);
  const isV1 = before.some((call) => call.startsWith("pwrite "));
  const handed = writes.slice(isV1 ? -2 : -1);
  return !operation.hasOwnToShow && handed.includes(fault.from ?? 0);
}
