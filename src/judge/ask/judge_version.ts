import type { Check, Reason, ReasonCode } from "../../documents/mod.ts";
import type { TestResult } from "./test_result.ts";

/** What a write to a version attribute came to. */
export interface VersionTested {
  driver: string;
  /** The source's version: opaque, told as it is. */
  version: string | null;
  /** `partly`: the attribute took fewer bytes than the version has; `not-made`: `why` tells. */
  outcome:
    | { is: "taken" }
    | { is: "partly-taken" }
    | { is: "refused"; errno: string }
    | { is: "not-made"; why: string };
}

/** The verdict of a version attribute: it takes the source's version whole, or refuses it with an errno. Pure. */
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
      const why = outcome.is === "not-made" ? outcome.why : "it took only a part of it";
      const said = reason(
        "VersionNotTested",
        `was not asked of the source's version ${shown}: ${why}`,
      );
      return { by, verdict: "unknown", evidence: null, reasons: [said] };
    }
  }
}
