import { Failure } from "../documents/mod.ts";
import {
  binaryBelow,
  type Contents,
  hasHook,
  HOOK_PATH,
  installFiles,
  planInstallation,
} from "../install/mod.ts";
import { formatUnits, SYSUSERS, TMPFILES } from "../systemd/mod.ts";
import { type Command, type Context, YES } from "./command.ts";
import { formatCompletions } from "./completions.ts";
import {
  hostCommands,
  INSTALL_OPTIONS,
  installTarget,
  isBootedWithSystemd,
  printSteps,
} from "./host_commands.ts";
import { PAGES } from "./man.ts";
import { text, usage } from "./options.ts";

export const command: Command = {
  about:
    `Copies this program below the prefix, with systemd units, the service's user, manual pages and shell
completions, and prints each file. It creates empty directories for rules, facts and configuration
below /etc/vfio-ask, and never changes an operator's file. It can be repeated, and updates an
earlier version; a running service is then restarted.

  vfio-ask install --now                      Install and start the service
  vfio-ask install --hook                     Also install the hook of libvirt (vfio-ask help hook)
  vfio-ask install --root DIR --prefix /usr   Write the files of a package below DIR`,
  options: [
    ...INSTALL_OPTIONS,
    { name: "binary", value: "FILE", help: "Program to install (this one)" },
    { name: "now", help: "Enable and start the service" },
    { name: "no-start", help: "Do not restart a running service" },
    { name: "hook", help: "Also install the hook of libvirt, which judges incoming migrations" },
    { name: "no-manifest", help: "Do not write the list of files that uninstall needs" },
  ],
  async run(context) {
    const { options, terminal, version } = context;
    if (options.now && options["no-start"]) {
      throw usage("--now and --no-start exclude each other", "Use one of them.");
    }
    const { target, prefix } = installTarget(context);
    // A later version updates the hook, too.
    const hook = options.hook === true || hasHook(prefix, target);
    const contents = { ...await contentsOf(context, prefix), hook };
    const plan = planInstallation(prefix, contents);
    const withManifest = options["no-manifest"] !== true;
    const files = installFiles(plan, { ...target, version, withManifest });
    const steps = await printSteps(context, files);
    if (options.hook && steps.some(({ path, done }) => path === HOOK_PATH && done === "kept")) {
      throw new Failure("in-use", `${HOOK_PATH} is another hook of libvirt, or was changed`, {
        subject: HOOK_PATH,
        remedy:
          "Rename it in its directory, and run the command again. Everything else is installed.",
      });
    }
    const { run } = hostCommands(context, target);
    const fragment = (kind: string) => plan.files.find(({ path }) => path.includes(kind))!.path;
    await run(["systemd-sysusers", fragment("/sysusers.d/")]);
    await run(["systemd-tmpfiles", "--create", fragment("/tmpfiles.d/")]);
    if (steps.some(({ path, done }) => path === HOOK_PATH && done === "created")) {
      terminal.out(
        "Next: systemctl reload libvirtd (or virtqemud), so that libvirt finds its hook\n",
      );
    }
    if (target.root === "/" && !isBootedWithSystemd()) {
      terminal.out("Nothing was started, because systemd does not manage this machine.\n");
      return YES;
    }
    const units = contents.units.map(({ name }) => name).filter((name) => !name.includes("@"));
    await run(["systemctl", "daemon-reload"]);
    if (options.now) {
      await run(["systemctl", "enable", "--now", ...units]);
    }
    if (!options["no-start"] && steps.some(({ done }) => done === "replaced")) {
      await run(["systemctl", "try-restart", ...units]);
    }
    if (!options.now) terminal.out(`Next: systemctl enable --now ${units.join(" ")}\n`);
    return YES;
  },
};

/** Everything that is installed. */
async function contentsOf(context: Context, prefix: string): Promise<Contents> {
  const commands = await context.loadCommands();
  return {
    binary: binaryOf(context),
    units: formatUnits({ binary: binaryBelow(prefix), args: [] }),
    sysusers: SYSUSERS,
    tmpfiles: TMPFILES,
    pages: PAGES.map(({ name, section, format }) => ({
      name,
      section,
      text: format(commands, context.version),
    })),
    completions: formatCompletions(commands),
  };
}

/** The program to install: this one, if it is compiled. */
function binaryOf(context: Context): string {
  const named = text(context, "binary");
  if (named !== null) return named;
  if (Deno.build.standalone) return Deno.execPath();
  throw usage("This program is not compiled", "Build it, and use --binary dist/vfio-ask.");
}
