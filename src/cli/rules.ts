import { readRulesFile, type RulesFileState } from "../config/mod.ts";
import { rulesDocument } from "../answers/mod.ts";
import { escaped } from "../documents/mod.ts";
import { type Command, NO, YES } from "./command.ts";
import { json } from "./look.ts";
import { HOST_OPTIONS, JSON_OUTPUT, usage } from "./options.ts";
import { formatTable } from "./table.ts";

export const command: Command = {
  args: "[check FILE… | show NAME]",
  about:
    `Rules say which targets of other types are accepted for a source, in which order and under which
conditions on declared facts, or that some are refused. They are JSON files, one vendor each, in
/etc/vfio-ask/rules.d and /usr/share/vfio-ask/rules.d, besides those that come with the program. Files are taken
in the order of their names; of two with one name the one in /etc wins, and an empty file masks. The first
rule that speaks of a source and a target decides. A file with an error is not used at all.

  vfio-ask rules                 the state of each file
  vfio-ask rules check FILE…     what is wrong with files; exit code 1 where something is
  vfio-ask rules show NAME       the file of this name that is in force`,
  options: [...HOST_OPTIONS.filter(({ name }) => name === "rules"), JSON_OUTPUT],
  async run(context) {
    const [action, ...names] = context.args;
    const { terminal, options } = context;
    if (action === "check") {
      if (names.length === 0) throw usage("rules check takes FILE…", "Name a file of rules.");
      const files = names.map(readRulesFile);
      terminal.out(options.json ? json(rulesDocument(files)) : files.map(checked).join(""));
      return files.some(({ state }) => state === "refused") ? NO : YES;
    }
    const world = await context.openWorld();
    const { files, inForce } = world.readRules();
    if (action === "show") {
      const found = inForce.find(({ name }) => name === names[0]);
      if (found === undefined || names.length > 1) {
        const known = inForce.map(({ name }) => name).join(", ");
        throw usage(`${names[0] ?? "nothing"}: no such file is in force`, `Name one of ${known}.`);
      }
      terminal.out(json(found.document));
      return YES;
    }
    if (action !== undefined) {
      throw usage(`${action}: rules can check or show`, "Run vfio-ask help rules.");
    }
    terminal.out(options.json ? json(rulesDocument(files)) : listed(files));
    return files.some(({ state }) => state === "refused") ? NO : YES;
  },
};

function checked({ path, state, errors, rules }: RulesFileState): string {
  if (state !== "refused") {
    return `${escaped(path)}: ${state === "masks" ? "empty: it masks" : `${rules} rule(s)`}\n`;
  }
  return errors.map(({ path: at, reason }) =>
    `${escaped(`${path}: ${at || "the file"}: ${reason}`)}\n`
  ).join("");
}

function listed(files: readonly RulesFileState[]): string {
  const table = formatTable(
    ["NAME", "STATE", "RULES", "VENDOR", "FROM"],
    files.map(({ name, state, rules, vendor, path }) => [
      name || "-",
      state,
      String(rules),
      vendor ?? "-",
      path,
    ]),
  );
  const refused = files.filter(({ state }) => state === "refused");
  return table + (refused.length === 0 ? "" : `\n${refused.map(checked).join("")}`);
}
