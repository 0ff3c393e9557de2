/** The codes of a `Failure`, an error that ends a request, with their meanings. */
export const FAILURE_CODES = {
  "bad-input": "An option or a document cannot be used.",
  "not-found": "There is no such device, type or file.",
  "not-permitted": "The operator or the kernel does not permit it.",
  "in-use": "Somebody else uses the device or the file.",
  "not-viable": "The host uses another device of the IOMMU group.",
  "unsupported": "The kernel's VFIO is not one that the program can use.",
  "unavailable": "The worker service cannot be reached.",
  "kernel": "The kernel gave an error that was not expected.",
  "internal": "The program has a defect.",
};
export type FailureCode = keyof typeof FAILURE_CODES;

/**
 * All codes of problems, which went wrong but did not stop the answer. `docs/reasons.md` is written from it. Only its
 * types are in the program.
 */
export const PROBLEM_CODES = {
  ...FAILURE_CODES,
  "facts-refused": "A file of declared facts has an error and is ignored.",
  "failed": "A device could not be asked.",
  "gone": "The device no longer exists.",
  "ledger-damaged": "Lines of the ledger of outcomes cannot be read and are skipped.",
  "needs-reset": "The device is not known to be in RUNNING and must be reset.",
  "no-initial-data": "The driver gave no initial data.",
  "not-struck": "An entry of the device journal could not be removed.",
  "rules-refused": "A file of rules has an error and is ignored.",
  "stuck": "A process is stuck in the driver of the device.",
  "was-reset": "The device was not in RUNNING and was reset.",
};
export type ProblemCode = keyof typeof PROBLEM_CODES;
