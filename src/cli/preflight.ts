import { testSource } from "../trials/mod.ts";
import { testDocument } from "../answers/mod.ts";
import { escaped } from "../documents/mod.ts";
import type { TestTarget } from "../tasks/mod.ts";
import { codeOf, type Command, FAILED } from "./command.ts";
import { reasonLines } from "./format_answer.ts";
import { isNeed, needText } from "./needs.ts";
import { json, lookAtHost } from "./look.ts";
import {
  JSON_OUTPUT,
  JUDGE_OPTIONS,
  LOOK_OPTIONS,
  PREFLIGHT_OPTIONS,
  preflightPolicy,
  subsystemMode,
  usage,
} from "./options.ts";
import { readIdentityFile } from "./read_document.ts";
import { identifyHere, recover } from "./trials.ts";
import { tellProblems } from "./words.ts";

export const command: Command = {
  args: "SOURCE TARGET",
  about:
    `SOURCE is an identity with initial data (a file, or - for standard input), or an idle device of
this host. TARGET is an idle device of this host, or TYPE@PARENT to create an mdev for the test
(--preflight-create). Before the source's data, the driver gets the target's own data, which it
must accept, and altered copies, which it must refuse. Otherwise, its answer proves nothing
(--preflight-controls). The target is reset after each write. A driver that loads the state during
the write is tested only with --preflight=load. The verdict is the same as that of ask
--preflight: rules and the PCI configuration count too.

Exit code 0 if compatible, 1 if incompatible, 3 if unknown, 4 if a device needs a reset.`,
  options: [
    ...LOOK_OPTIONS,
    ...PREFLIGHT_OPTIONS,
    ...JUDGE_OPTIONS,
    JSON_OUTPUT,
  ],
  async run(context) {
    const [subject, to, ...rest] = context.args;
    if (subject === undefined || to === undefined || rest.length > 0) {
      throw usage(
        "preflight needs one SOURCE and one TARGET",
        "Name an identity or device as SOURCE, and a device as TARGET.",
      );
    }
    const fromFile = await readIdentityFile(subject);
    const policy = preflightPolicy(context);
    const left = await recover(context);
    const snapshot = await lookAtHost(context);
    const world = await context.openWorld();
    const { identity: source, problems: before } = fromFile === null
      ? await identifyHere(context, snapshot, subject)
      : { identity: fromFile, problems: [] };
    const tested = await testSource(world, snapshot, source, parseTarget(to), {
      ...policy,
      subsystem: subsystemMode(context),
    });
    const { verdict, evidence, needs = [], reasons, warnings, problems } = tested;
    tellProblems(context.terminal, problems);
    const met = [...left, ...before, ...problems];
    context.terminal.out(
      context.options.json
        ? json(testDocument(snapshot, source, { ...tested, problems: met }))
        : `${verdict}${evidence === null ? "" : ` (${evidence})`}\n` +
          needs.map((need) => `  need  ${escaped(needText(need))}\n`).join("") +
          reasonLines(reasons.filter(({ code }) => !isNeed({ needs }, code))) +
          reasonLines(warnings, "  warning  "),
    );
    if (problems.some(({ code }) => code === "needs-reset")) return FAILED;
    return codeOf(verdict);
  },
};

/** Parses a device name, or a type as `TYPE@PARENT`. */
function parseTarget(text: string): TestTarget {
  const at = text.indexOf("@");
  return at < 0 ? { device: text } : { type: text.slice(0, at), parent: text.slice(at + 1) };
}
