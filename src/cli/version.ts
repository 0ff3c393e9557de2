import { VERSION_SCHEMA } from "../documents/mod.ts";
import { type Command, YES } from "./command.ts";
import { json } from "./look.ts";
import { JSON_OUTPUT } from "./options.ts";

export const command: Command = {
  about: "Prints the version of vfio-ask and of its Deno runtime.",
  options: [JSON_OUTPUT],
  run({ terminal, options, version }) {
    const { deno } = Deno.version;
    const { target } = Deno.build;
    terminal.out(
      options.json
        ? json({ schema: VERSION_SCHEMA, version, deno, target })
        : `vfio-ask ${version} (Deno ${deno}, ${target})\n`,
    );
    return YES;
  },
};
