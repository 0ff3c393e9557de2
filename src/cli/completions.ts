import { type Command, type NamedCommand, type Option, YES } from "./command.ts";
import { usage } from "./options.ts";

/** Makes the command that prints completions for all commands. */
export function makeCompletions(loadAll: () => Promise<NamedCommand[]>): Command {
  return {
    args: "bash | fish | zsh",
    about: `To install them for bash:

  vfio-ask completions bash > /etc/bash_completion.d/vfio-ask`,
    options: [],
    async run({ args: [shell], terminal }) {
      const format = { bash, fish, zsh: (all: readonly NamedCommand[]) => ZSH_PRELUDE + bash(all) }[
        shell as "bash" | "fish" | "zsh"
      ];
      if (format === undefined) {
        throw usage(
          `completions needs a supported shell, not ${shell ?? "nothing"}`,
          "Use bash, fish or zsh.",
        );
      }
      terminal.out(format(await loadAll()));
      return YES;
    },
  };
}

const ZSH_PRELUDE = "autoload -U +X bashcompinit && bashcompinit\n";

function bash(commands: readonly NamedCommand[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  const cases = commands.map(({ name, options }) =>
    `    ${name}) words="${options.map((option) => `--${option.name}`).join(" ")} --help" ;;`
  );
  const choices = choicesOf(commands).map(({ name, choices }) =>
    `    --${name}) COMPREPLY=($(compgen -W "${choices!.join(" ")}" -- "$cur")); return ;;`
  );
  return `_vfio_ask() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words=
  case $prev in
${choices.join("\n")}
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
      `${option.value === undefined ? "" : " -r"}` +
      `${option.choices === undefined ? "" : ` -a '${option.choices.join(" ")}'`}` +
      ` -d '${option.help.replaceAll("'", "\\'")}'\n`
    ),
  ]).join("");
}

function choicesOf(commands: readonly NamedCommand[]): Option[] {
  const options = commands.flatMap((command) => command.options);
  return options.filter(({ name, choices }, index) =>
    choices !== undefined && options.findIndex((other) => other.name === name) === index
  );
}
