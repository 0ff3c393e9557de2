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

Deno.test("formatTogether() says unknown if the search ended early", () => {
  assertStringIncludes(withoutPlan("unknown"), "It is unknown whether these 0 devices");
  assertStringIncludes(withoutPlan("unknown"), "mtty: too many plans");
});

Deno.test("formatTogether() names the blocking sources if there is no plan", () => {
  assertStringIncludes(
    withoutPlan("incompatible"),
    "cannot migrate to this host together. Blocked by:\na\n",
  );
});
