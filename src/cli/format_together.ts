import type { Answers } from "../answers/mod.ts";
import { type Answer, escaped } from "../documents/mod.ts";
import type { Plan } from "../judge/joint/mod.ts";
import { reasonLines } from "./format_answer.ts";
import { formatTable } from "./table.ts";
import { configurationWords, snapshotWords } from "./words.ts";

/** The answer to a virtual machine's devices for a person: the plan first, then each device's own answer. */
export function formatTogether(
  answers: Answers,
  format: (answer: Answer) => string,
): string {
  const { together, answers: each, ...shared } = answers;
  const { plans, blocking } = together;
  const head = `host    ${escaped(snapshotWords(answers))}\n\n`;
  const [best, ...others] = plans;
  const plan = best === undefined
    ? `${NO_PLAN[together.verdict === "unknown" ? "unknown" : "incompatible"](each.length)}:\n` +
      blocking.map(({ source, reasons }) => `${escaped(source)}\n${reasonLines(reasons)}`)
        .join("")
    : `All ${each.length} devices can land here together${CAVEATS[best.verdict]}${
      best.now ? "" : ", though not now"
    }:\n` +
      formatTable(
        ["SOURCE", "GOES TO", "VERDICT", "EVIDENCE"],
        best.placements.map(({ source, configuration, verdict, evidence }) => [
          source,
          configurationWords(configuration),
          verdict,
          evidence ?? "-",
        ]),
      ) + reasonLines([...best.reasons, ...best.warnings]) + others.map(otherPlan).join("");
  const own = each.map((answer) => format({ ...shared, ...answer, schema: "vfio-ask/answer/v1" }));
  return [`${head}${plan}`, ...own].join("\n");
}

/** A plan after the best in one line. */
function otherPlan({ rank, now, verdict, placements }: Plan): string {
  const places = placements.map(({ source, configuration }) =>
    `${source} to ${configurationWords(configuration)}`
  );
  return escaped(`plan ${rank}  ${verdict}${now ? "" : ", not now"}: ${places.join("; ")}`) +
    "\n";
}

/** What heads the sources in the way. */
const NO_PLAN = {
  incompatible: (count: number) => `These ${count} devices cannot land here together. In the way`,
  unknown: (count: number) =>
    `It is not known whether these ${count} devices can land here together. ` +
    "In the way of the best plan that was found",
};

const CAVEATS = { compatible: "", unknown: ", as far as can be known" } as const;
