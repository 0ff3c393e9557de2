import { dirname, resolve } from "@std/path";
import { formatUnits } from "../systemd/mod.ts";
import { command as broker } from "./broker.ts";
import { type Command, type Parsed, YES } from "./command.ts";
import { text, usage } from "./options.ts";
import { SERVE_OPTIONS, serveOptions } from "./serve.ts";
import { CONFIG } from "./settings.ts";

const OPTIONS = [CONFIG, ...SERVE_OPTIONS, ...broker.options].filter(({ name }, index, all) =>
  all.findIndex((other) => other.name === name) === index && name !== "worker"
);

export const command: Command = {
  args: "[UNIT]",
  about: `Prints a systemd unit of the service, with the options given here. UNIT is one of
vfio-ask.service (the server, which has no privileges), vfio-ask-worker.socket and
vfio-ask-worker@.service (the worker, which the server asks to open devices).

The server's user must exist:

  useradd --system --user-group --no-create-home --shell /usr/sbin/nologin vfio-ask
  for unit in vfio-ask.service vfio-ask-worker.socket vfio-ask-worker@.service
  do vfio-ask unit $unit > /etc/systemd/system/$unit; done
  systemctl enable --now vfio-ask`,
  options: [
    { name: "binary", value: "PATH", help: "Path of the binary (/usr/local/bin/vfio-ask)" },
    ...OPTIONS,
  ],
  run(context) {
    const [name = "vfio-ask.service", ...more] = context.args;
    serveOptions(context);
    const units = unitsFor(context);
    const unit = units.find((unit) => unit.name === name);
    if (unit === undefined || more.length > 0) {
      throw usage(
        `${context.args.join(" ")}: not a unit`,
        `Use one of ${units.map(({ name }) => name).join(", ")}.`,
      );
    }
    context.terminal.out(unit.text);
    return YES;
  },
};

/** Options of serve that the unit sets, or replaces by its own means. */
const SET_BY_UNIT = ["worker", "dev", "token-file"];

/** The units of the service, with the options of a command line. */
export function unitsFor(parsed: Parsed) {
  const binary = text(parsed, "binary");
  const tokenFile = text(parsed, "token-file");
  return formatUnits({
    binary: binary === null ? "/usr/local/bin/vfio-ask" : resolve(binary),
    args: given(
      parsed,
      [CONFIG, ...SERVE_OPTIONS].filter(({ name }) => !SET_BY_UNIT.includes(name)),
    ),
    workerArgs: given(parsed, broker.options),
    writes: writtenTo(parsed),
    group: text(parsed, "group"),
    tokenFile: tokenFile === null ? null : resolve(tokenFile),
  });
}

/** The given options of a table, as a command line. */
function given(parsed: Parsed, options: Command["options"]): string[] {
  return options.flatMap(({ name }) => {
    const value = text(parsed, name);
    if (parsed.options[name] === true) return [`--${name}`];
    return value === null ? [] : [`--${name}=${value}`];
  });
}

/** Directories that the server writes to and that the unit does not create. */
function writtenTo(parsed: Parsed): string[] {
  const socket = text(parsed, "unix");
  return [socket === null ? null : dirname(resolve(socket))]
    .filter((directory) => directory !== null)
    .filter((directory) => !/^\/run\/vfio-ask(\/|$)/.test(directory));
}
