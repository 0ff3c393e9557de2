import { type Command, type NamedCommand, YES } from "./command.ts";
import { usage } from "./options.ts";

export const command: Command = {
  args: "bash | fish | zsh",
  about:
    `Prints the completions that vfio-ask install installs. To use them without installing them:

  . <(vfio-ask completions bash)
  vfio-ask completions fish | source`,
  options: [],
  async run({ args: [shell], terminal, loadCommands }) {
    if (shell !== "bash" && shell !== "fish" && shell !== "zsh") {
      throw usage(
        `completions needs a supported shell, not ${shell ?? "nothing"}`,
        "Use bash, fish or zsh.",
      );
    }
    terminal.out(formatCompletions(await loadCommands())[shell]);
    return YES;
  },
};

/** The completions of each shell. Those of zsh are the ones of bash, loaded by name or by a command line. */
export function formatCompletions(
  commands: readonly NamedCommand[],
): Record<"bash" | "fish" | "zsh", string> {
  const zsh = `#compdef vfio-ask
autoload -U +X bashcompinit && bashcompinit
${bash(commands)}
# Zsh runs this file instead of a function at the first completion.
if [[ \${funcstack[1]} == _vfio-ask ]]; then _bash_complete -F _vfio_ask; fi
`;
  return { bash: bash(commands), fish: fish(commands), zsh };
}

function bash(commands: readonly NamedCommand[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  const cases = commands.map(({ name, options }) =>
    `    ${name}) words="${options.map((option) => `--${option.name}`).join(" ")} --help" ;;`
  );
  // Options of the same name have the same choices.
  const choices = new Map(
    commands.flatMap(({ options }) => options)
      .flatMap(({ name, choices }) => choices === undefined ? [] : [[name, choices.join(" ")]]),
  );
  const values = [...choices].map(([name, words]) =>
    `    --${name}) COMPREPLY=($(compgen -W "${words}" -- "$cur")); return ;;`
  );
  return `_vfio_ask() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words=
  case $prev in
${values.join("\n")}
  esac
  if [ "$COMP_CWORD" = 1 ]; then words="${names}"; else case \${COMP_WORDS[1]} in
${cases.join("\n")}
  esac; fi
  if [[ $cur != -* && $COMP_CWORD != 1 ]]; then
    COMPREPLY=($(compgen -f -W "$(ls /sys/class/vfio-dev 2>/dev/null | while read -r d; do basename "$(readlink "/sys/class/vfio-dev/$d/device")"; done)" -- "$cur"))
    return
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _vfio_ask vfio-ask
`;
}

function fish(commands: readonly NamedCommand[]): string {
  return commands.flatMap(({ name, summary, options }) => [
    `complete -c vfio-ask -f -n __fish_use_subcommand -a ${name} -d '${
      summary.replaceAll("'", "\\'")
    }'\n`,
    ...options.map((option) =>
      `complete -c vfio-ask -n '__fish_seen_subcommand_from ${name}' -l ${option.name}` +
      // -x: no file names, because the values are known.
      `${option.value === undefined ? "" : option.choices === undefined ? " -r" : " -x"}` +
      `${option.choices === undefined ? "" : ` -a '${option.choices.join(" ")}'`}` +
      ` -d '${option.help.replaceAll("'", "\\'")}'\n`
    ),
  ]).join("");
}
