import { type Command, type NamedCommand, YES } from "./command.ts";
import { usage } from "./options.ts";

export const command: Command = {
  args: "bash | fish | zsh",
  about: `To install them for bash:

  vfio-ask completions bash > /etc/bash_completion.d/vfio-ask`,
  options: [],
  async run({ args: [shell], terminal, loadCommands }) {
    const format = FORMATS.get(shell);
    if (format === undefined) {
      throw usage(
        `completions needs a supported shell, not ${shell ?? "nothing"}`,
        "Use bash, fish or zsh.",
      );
    }
    terminal.out(format(await loadCommands()));
    return YES;
  },
};

/** The completions of each shell. Zsh reads those of bash. */
const FORMATS = new Map<string | undefined, (commands: readonly NamedCommand[]) => string>([
  ["bash", bash],
  ["fish", fish],
  ["zsh", (commands) => `autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`],
]);

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
      `${option.value === undefined ? "" : " -r"}` +
      `${option.choices === undefined ? "" : ` -a '${option.choices.join(" ")}'`}` +
      ` -d '${option.help.replaceAll("'", "\\'")}'\n`
    ),
  ]).join("");
}
