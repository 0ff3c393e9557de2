import type { Answers } from "../answers/mod.ts";
import { type Answer, escaped } from "../documents/mod.ts";
import type { Plan } from "../judge/joint/mod.ts";
import { reasonLines } from "./format_answer.ts";
import { formatColumns } from "./table.ts";
import { configurationWords, snapshotWords } from "./words.ts";

/** The answer for the devices of a virtual machine as text: the plan first, then the answer for each device. */
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
    : `${each.length === 1 ? "The device" : `All ${each.length} devices`} ${
      CAN[best.verdict]
    } migrate to this host${each.length === 1 ? "" : " together"}${
      best.now ? "" : ", but not now"
    }:\n` +
      formatColumns(best.placements, {
        "SOURCE": ({ source }) => source,
        "GOES TO": ({ configuration }) => configurationWords(configuration),
        "VERDICT": ({ verdict }) => verdict,
        "EVIDENCE": ({ evidence }) => evidence ?? "-",
      }) + reasonLines([...best.reasons, ...best.warnings]) + others.map(otherPlan).join("");
  const own = each.map((answer) => format({ ...shared, ...answer, schema: "vfio-ask/answer/v1" }));
  return [`${head}${plan}`, ...own].join("\n");
}

/** A plan other than the best one, in one line. */
function otherPlan({ rank, now, verdict, placements }: Plan): string {
  const places = placements.map(({ source, configuration }) =>
    `${source} to ${configurationWords(configuration)}`
  );
  return escaped(`plan ${rank}  ${verdict}${now ? "" : ", not now"}: ${places.join("; ")}`) +
    "\n";
}

/** The line above the sources that prevent a plan. */
const NO_PLAN = {
  incompatible: (count: number) =>
    count === 1
      ? "The device cannot migrate to this host. Blocked by"
      : `These ${count} devices cannot migrate to this host together. Blocked by`,
  unknown: (count: number) =>
    count === 1
      ? "It is unknown whether the device can migrate to this host. Blocking the best plan found"
      : `It is unknown whether these ${count} devices can migrate to this host together. ` +
        "Blocking the best plan found",
};

const CAN = { compatible: "can", unknown: "may be able to" } as const;
