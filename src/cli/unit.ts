import { dirname, resolve } from "@std/path";
import { formatUnit } from "../systemd/mod.ts";
import { type Command, type Parsed, YES } from "./command.ts";
import { text } from "./options.ts";
import { SERVE_OPTIONS, serveOptions } from "./serve.ts";
import { CONFIG } from "./settings.ts";

const OPTIONS = [CONFIG, ...SERVE_OPTIONS];

export const command: Command = {
  about: `Prints a hardened unit that runs vfio-ask serve with the options given here.

  vfio-ask unit > /etc/systemd/system/vfio-ask.service
  systemctl enable --now vfio-ask`,
  options: [
    { name: "binary", value: "PATH", help: "Path of the binary (/usr/local/bin/vfio-ask)" },
    ...OPTIONS,
  ],
  run(context) {
    serveOptions(context);
    const binary = text(context, "binary");
    const args = OPTIONS.flatMap(({ name }) => {
      const value = text(context, name);
      if (context.options[name] === true) return [`--${name}`];
      return value === null ? [] : [`--${name}=${value}`];
    });
    context.terminal.out(
      formatUnit({
        binary: binary === null ? "/usr/local/bin/vfio-ask" : resolve(binary),
        args,
        writes: writtenTo(context),
      }),
    );
    return YES;
  },
};

/** Directories that the service writes to and that the unit does not create. */
function writtenTo(parsed: Parsed): string[] {
  const socket = text(parsed, "unix");
  const directories = [socket === null ? null : dirname(resolve(socket)), text(parsed, "state")];
  return directories.filter((directory) => directory !== null)
    .filter((directory) => !/^\/(run|var\/lib)\/vfio-ask(\/|$)/.test(directory));
}
