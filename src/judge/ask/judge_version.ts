import type { Check, Reason, ReasonCode } from "../../documents/mod.ts";
import type { TestResult } from "./test_result.ts";

/** The outcome of a write to a version attribute. */
export interface VersionTested {
  driver: string;
  /** The source's version, an opaque text. */
  version: string | null;
  /** `partly-taken`: the attribute took fewer bytes than the version has. `not-made`: `why` has the cause. */
  outcome:
    | { is: "taken" }
    | { is: "partly-taken" }
    | { is: "refused"; errno: string }
    | { is: "not-made"; why: string };
}

/** The verdict of a version attribute: it takes the whole version of the source, or refuses it with an errno. Pure. */
export function judgeVersion({ driver, version, outcome }: VersionTested): TestResult {
  const shown = JSON.stringify(version);
  const reason = (code: ReasonCode, sentence: string, errno: string | null = null): Reason => {
    const check: Check = { step: "write version", errno };
    return { code, sentence: `${driver} ${sentence}`, source: version, host: null, check };
  };
  const by = "version-attribute";
  const evidence = "attribute-tested";
  switch (outcome.is) {
    case "taken": {
      const reasons = [reason("VersionAccepted", `accepted the source's version ${shown}`)];
      return { by, verdict: "compatible", evidence, reasons };
    }
    case "refused": {
      const { errno } = outcome;
      const said = reason(
        "VersionRefused",
        `refused the source's version ${shown} with ${errno}`,
        errno,
      );
      return { by, verdict: "incompatible", evidence, reasons: [said] };
    }
    default: {
      const why = outcome.is === "not-made" ? outcome.why : "it accepted only part of it";
      const said = reason(
        "VersionNotTested",
        `did not judge the source's version ${shown}: ${why}`,
      );
      return { by, verdict: "unknown", evidence: null, reasons: [said] };
    }
  }
}
