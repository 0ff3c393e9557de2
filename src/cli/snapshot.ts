import { formatSnapshot } from "../documents/mod.ts";
import { type Command, YES } from "./command.ts";
import { lookAtHost } from "./look.ts";
import { JSON_ALWAYS, LOOK_OPTIONS } from "./options.ts";

export const command: Command = {
  about:
    `Prints the devices and types of this host, what is known about them, and the active rules as one
JSON document. With vfio-ask ask --snapshot, any machine can give the answer that this host would
have given, except for preflights. Values that devices or types have in common are stored once, in
"shared".

  vfio-ask snapshot > host.json
  vfio-ask ask --snapshot host.json IDENTITY.json`,
  options: [...LOOK_OPTIONS, JSON_ALWAYS],
  async run(context) {
    const snapshot = await lookAtHost(context);
    context.terminal.out(formatSnapshot(snapshot));
    return YES;
  },
};
