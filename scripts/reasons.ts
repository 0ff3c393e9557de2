/** Writes docs/reasons.md: every code of a reason, a finding and a problem, from the tables in src/documents. */
import { FINDING_CODES } from "../src/documents/finding_codes.ts";
import { PROBLEM_CODES } from "../src/documents/problem_codes.ts";
import { REASON_CODES } from "../src/documents/reason_codes.ts";

export const PAGE = new URL("../docs/reasons.md", import.meta.url);

const ROOMS: Readonly<Record<keyof typeof REASON_CODES, [title: string, text: string]>> = {
  checks: ["Checks", "Each device and type of the host is checked against the source."],
  needs: ["Needs", "What QEMU needs on either side, in `needs` of each offer."],
  tests: ["Tests", "Results of a driver or a version attribute in a preflight."],
  outcomes: ["Outcomes", "What became of earlier migrations between the same builds."],
  rules: ["Rules", "Findings of rules that do not name their own code."],
  shippedRules: [
    "Shipped rules",
    "Codes in the shipped rules. Rules of operators can have other codes.",
  ],
  plans: ["Plans", "For several sources, which are devices of one virtual machine."],
  notSeen: ["Not seen", "What QEMU also refuses but no host can see, in `notSeen` of each answer."],
};

type Effect = { [R in keyof typeof REASON_CODES]: keyof (typeof REASON_CODES)[R] }[
  keyof typeof REASON_CODES
];
const EFFECTS: Readonly<Record<Effect, string>> = {
  accept: "Supports the verdict `compatible`.",
  refuse: "The verdict is `incompatible`.",
  unknown:
    "The verdict is `unknown`. A passing test makes it a warning, except for QEMU's comparison.",
  need: "Refuses when the need is `unmet`. The verdict is `unknown` when the need is `unknown`.",
  condition: "The rule decides: `otherwise` of the condition, or `missing` for an unknown fact.",
  unavailable: "The verdict stays. The configuration or the plan is not available now.",
  warn: "A warning. The verdict stays.",
  tell: "Information only.",
};

const LEVELS: Readonly<Record<keyof typeof FINDING_CODES, string>> = {
  blocks: "The device cannot migrate.",
  unknown: "It is unknown whether the device can migrate.",
  limits: "The device can migrate, with a limitation.",
  note: "Information only.",
};

type Codes = Readonly<Record<string, string>>;

/** The page in the format of `deno fmt`. */
export function reasonsPage(): string {
  const rooms = Object.entries(REASON_CODES).flatMap(([room, byEffect]) => {
    const [title, text] = ROOMS[room as keyof typeof REASON_CODES];
    return [`### ${title}`, text, table(["code", "effect", "meaning"], rowsOf(byEffect))];
  });
  const problems = Object.entries(PROBLEM_CODES).map(([code, meaning]) => [`\`${code}\``, meaning]);
  return [
    "# Codes",
    "<!-- Written by `scripts/deno task reasons`. Edit the tables in src/documents. -->",
    "Every reason, finding and problem has a stable code for programs and a sentence for people.",
    "## Reasons",
    "Reasons and warnings of offers, refusals, plans and tests.",
    table(["effect", "what it does"], Object.entries(EFFECTS)),
    ...rooms,
    "## Findings",
    "What `vfio-ask doctor` finds about a device or the host.",
    table(["level", "what it says"], Object.entries(LEVELS)),
    table(["code", "level", "meaning"], rowsOf(FINDING_CODES)),
    "## Problems",
    "What went wrong but did not stop the answer, in `problems`.",
    table(["code", "meaning"], problems.toSorted(byFirst)),
  ].join("\n\n") + "\n";
}

/** One row for each meaning of a code. A code with several effects and one meaning has one row. */
function rowsOf(byEffect: Readonly<Record<string, Codes>>): string[][] {
  const rows = new Map<string, [code: string, effects: string, meaning: string]>();
  for (const [effect, codes] of Object.entries(byEffect)) {
    for (const [code, meaning] of Object.entries(codes)) {
      const row = rows.get(`${code} ${meaning}`);
      if (row === undefined) rows.set(`${code} ${meaning}`, [`\`${code}\``, effect, meaning]);
      else row[1] += `, ${effect}`;
    }
  }
  return [...rows.values()].toSorted(byFirst);
}

function byFirst([a = ""]: readonly string[], [b = ""]: readonly string[]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heading.map((_, at) =>
    Math.max(...[heading, ...rows].map((row) => row[at]!.length))
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(" | ")} |`;
  const rule = line(widths.map((width) => "-".repeat(width)));
  return [line(heading), rule, ...rows.map(line)].join("\n");
}

if (import.meta.main) await Deno.writeTextFile(PAGE, reasonsPage());
