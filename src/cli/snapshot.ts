import { formatSnapshot } from "../documents/mod.ts";
import { type Command, YES } from "./command.ts";
import { lookAtHost } from "./look.ts";
import { HOST_OPTIONS, JSON_ALWAYS, PROBE_OPTIONS } from "./options.ts";

export const command: Command = {
  args: "",
  about:
    `Prints what this host has, what is known of it and the rules in force, as one JSON document. With
vfio-ask ask --snapshot it answers anywhere as this host would have then, but for preflights. What devices or
types have in common stands once, below "shared":

  vfio-ask snapshot > host.json
  vfio-ask ask --snapshot host.json IDENTITY.json`,
  options: [...HOST_OPTIONS, ...PROBE_OPTIONS, JSON_ALWAYS],
  async run(context) {
    const { snapshot } = await lookAtHost(context);
    context.terminal.out(formatSnapshot(snapshot));
    return YES;
  },
};
