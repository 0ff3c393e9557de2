import { basename } from "@std/path";
import { findInstallation, uninstallFiles } from "../install/mod.ts";
import { type Command, YES } from "./command.ts";
import {
  hostCommands,
  INSTALL_OPTIONS,
  installTarget,
  isBootedWithSystemd,
  printSteps,
} from "./host_commands.ts";

export const command: Command = {
  about:
    `Stops the service, removes what vfio-ask install has written, and prints each file. Configuration,
state, the user and the group are kept, unless --purge is given. A file that somebody has changed
since is kept too.`,
  options: [
    ...INSTALL_OPTIONS,
    {
      name: "purge",
      help: "Also remove configuration, state, changed files, the user and the group",
    },
  ],
  async run(context) {
    const { target, prefix } = installTarget(context);
    const manifest = findInstallation(prefix, target);
    const purge = context.options.purge === true;
    const { run } = hostCommands(context, target);
    const units = manifest.files.filter(({ path }) => path.includes("/systemd/system/"))
      .map(({ path }) => basename(path));
    const withSystemd = isBootedWithSystemd() || target.root !== "/";
    if (withSystemd) {
      const named = units.filter((name) => !name.includes("@"));
      await run(["systemctl", "disable", "--now", ...named], { mayFail: true });
      for (const name of units.filter((name) => name.includes("@"))) {
        await run(["systemctl", "stop", name.replace("@.", "@*.")], { mayFail: true });
      }
    }
    await printSteps(context, uninstallFiles(prefix, manifest, { ...target, purge }));
    if (withSystemd) {
      await run(["systemctl", "daemon-reload"]);
      await run(["systemctl", "reset-failed", "vfio-ask*"], { mayFail: true });
    }
    if (!purge) {
      context.terminal.out(
        "The user and the group vfio-ask are kept; use --purge to remove them.\n",
      );
    } else if (hasUser()) {
      await run(["userdel", USER]);
      // userdel has removed the group, unless the host keeps groups apart.
      await run(["groupdel", USER], { mayFail: true });
    }
    return YES;
  },
};

const USER = "vfio-ask";

function hasUser(): boolean {
  return Deno.readTextFileSync("/etc/passwd").split("\n").some((line) =>
    line.startsWith(`${USER}:`)
  );
}
