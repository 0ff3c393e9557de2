import { assertStringIncludes } from "@std/assert";
import type { Answers } from "../answers/mod.ts";
import { formatTogether } from "./format_together.ts";

function withoutPlan(verdict: "unknown" | "incompatible"): string {
  const reason = {
    code: "PlanBudget",
    sentence: "mtty: too many plans",
    source: "2",
    host: null,
  } as const;
  const answers: Answers = {
    schema: "vfio-ask/answers/v1",
    snapshot: 1,
    takenAt: "2026-01-01T00:00:00.000Z",
    host: { name: "hv", kernel: "6.12", bootId: null },
    preflight: "not-asked",
    notSeen: [],
    answers: [],
    together: { verdict, plans: [], blocking: [{ source: "a", reasons: [reason] }] },
    problems: [],
  };
  return formatTogether(answers, () => "");
}

Deno.test("formatTogether() says of a search that ended early that nothing is known", () => {
  assertStringIncludes(withoutPlan("unknown"), "It is not known whether these 0 devices");
  assertStringIncludes(withoutPlan("unknown"), "mtty: too many plans");
});

Deno.test("formatTogether() says what stands in the way where there is no plan", () => {
  assertStringIncludes(withoutPlan("incompatible"), "cannot land here together. In the way:\na\n");
});
