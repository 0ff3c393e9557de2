import { readRulesFile, type RulesFileState } from "../config/mod.ts";
import { rulesDocument } from "../answers/mod.ts";
import { escaped } from "../documents/mod.ts";
import { type Command, NO, YES } from "./command.ts";
import { json } from "./look.ts";
import { HOST_OPTIONS, JSON_OUTPUT, usage } from "./options.ts";
import { formatColumns } from "./table.ts";

export const command: Command = {
  args: "[check FILE… | show NAME]",
  about:
    `A rule accepts targets of other types for a source, in an order and under conditions on declared
facts, or refuses targets. Rules are JSON files, one per vendor, in /etc/vfio-ask/rules.d and
/usr/share/vfio-ask/rules.d; more rules are built in. Files are sorted by name. If several files
have the same name, the first directory has priority, and the built-in file comes last. An empty
file disables the name. The first rule that matches a source and a target decides. A file with an
error is ignored completely.

  vfio-ask rules                 List all files and their states
  vfio-ask rules check FILE…     List the errors in files; exit code 1 if there are any
  vfio-ask rules show NAME       Print the active file of this name`,
  options: [...HOST_OPTIONS.filter(({ name }) => name === "rules"), JSON_OUTPUT],
  async run(context) {
    const [action, ...names] = context.args;
    const { terminal, options } = context;
    if (action === "check") {
      if (names.length === 0) throw usage("rules check needs a FILE", "Name a rule file.");
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
        throw usage(
          `${names[0] ?? "nothing"}: no active rule file has this name`,
          `Name one of ${known}.`,
        );
      }
      terminal.out(json(found.document));
      return YES;
    }
    if (action !== undefined) {
      throw usage(`${action}: not an action of rules`, "Use check or show.");
    }
    terminal.out(options.json ? json(rulesDocument(files)) : listed(files));
    return files.some(({ state }) => state === "refused") ? NO : YES;
  },
};

function checked({ path, state, errors, rules }: RulesFileState): string {
  if (state !== "refused") {
    return `${escaped(path)}: ${
      state === "masks" ? "empty, disables the file of this name" : `${rules} rule(s)`
    }\n`;
  }
  return errors.map(({ path: at, reason }) =>
    `${escaped(`${path}: ${at || "whole file"}: ${reason}`)}\n`
  ).join("");
}

function listed(files: readonly RulesFileState[]): string {
  const table = formatColumns(files, {
    NAME: ({ name }) => name || "-",
    STATE: ({ state }) => state,
    RULES: ({ rules }) => String(rules),
    VENDOR: ({ vendor }) => vendor ?? "-",
    FROM: ({ path }) => path,
  });
  const refused = files.filter(({ state }) => state === "refused");
  return table + (refused.length === 0 ? "" : `\n${refused.map(checked).join("")}`);
}
