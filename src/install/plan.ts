/** A file to install. `path` is absolute on the host. */
export interface PlannedFile {
  path: string;
  mode: number;
  content: string | { copyOf: string };
}

/** What an installation consists of. */
export interface Plan {
  files: readonly PlannedFile[];
  /** Directories for the operator's files, which stay empty. */
  directories: readonly string[];
  /** Where the list of installed files is. */
  manifest: string;
}

/** What the program installs. */
export interface Contents {
  /** The path of the program to copy. */
  binary: string;
  units: readonly { name: string; text: string }[];
  sysusers: string;
  tmpfiles: string;
  pages: readonly { name: string; section: number; text: string }[];
  completions: Readonly<Record<"bash" | "fish" | "zsh", string>>;
  /** Whether to install the hook of libvirt. */
  hook?: boolean;
}

/** The hook of libvirt, which runs the files of this directory in the order of their names since version 6.5. */
export const HOOK_PATH = "/etc/libvirt/hooks/qemu.d/50-vfio-ask";

/**
 * The script that libvirt runs. Only exit code 1 of the hook, which it gives on purpose, stops a migration: a program
 * that is missing or ends by a defect must not.
 */
export function formatHook(binary: string): string {
  const program = `'${binary.replaceAll("'", `'\\''`)}'`;
  return `#!/bin/sh
# Hook of libvirt: judges migrations that come in. See vfio-ask help hook.
case "$2 $3" in
  "migrate begin" | "release end") ;;
  *) exit 0 ;;
esac
[ -x ${program} ] || exit 0
${program} hook -- "$@"
[ $? -ne 1 ]
`;
}

/** The directories of an operator's configuration. */
export const CONFIG_DIRECTORY = "/etc/vfio-ask";
const CONFIG_DIRECTORIES = ["rules.d", "facts.d", "config.d"];

/** Where the program is, below a prefix. */
export function binaryBelow(prefix: string): string {
  return `${prefix}/bin/vfio-ask`;
}

/** Where the list of installed files is, below a prefix. */
export function manifestBelow(prefix: string): string {
  return `${prefix}/lib/vfio-ask/installed.json`;
}

/**
 * Which file goes where below a prefix. systemd reads units and fragments below `/usr` and `/usr/local`; for other
 * prefixes they go below `/etc`. Zsh of Debian reads completions of packages from its own directory. Pure.
 */
export function planInstallation(prefix: string, contents: Contents): Plan {
  const isSearched = prefix === "/usr" || prefix === "/usr/local";
  const systemd = isSearched ? `${prefix}/lib` : "/etc";
  const share = `${prefix}/share`;
  const zsh = prefix === "/usr" ? "vendor-completions" : "site-functions";
  const text = (path: string, content: string): PlannedFile => ({ path, mode: 0o644, content });
  return {
    files: [
      { path: binaryBelow(prefix), mode: 0o755, content: { copyOf: contents.binary } },
      ...contents.units.map(({ name, text: unit }) =>
        text(`${systemd}/systemd/system/${name}`, unit)
      ),
      text(`${systemd}/sysusers.d/vfio-ask.conf`, contents.sysusers),
      text(`${systemd}/tmpfiles.d/vfio-ask.conf`, contents.tmpfiles),
      ...contents.pages.map(({ name, section, text: page }) =>
        text(`${share}/man/man${section}/${name}.${section}`, page)
      ),
      text(`${share}/bash-completion/completions/vfio-ask`, contents.completions.bash),
      text(`${share}/zsh/${zsh}/_vfio-ask`, contents.completions.zsh),
      text(`${share}/fish/vendor_completions.d/vfio-ask.fish`, contents.completions.fish),
      // For those who installed a package, and want the hook too.
      {
        path: `${share}/vfio-ask/libvirt-hook`,
        mode: 0o755,
        content: formatHook(binaryBelow(prefix)),
      },
      ...contents.hook
        ? [{ path: HOOK_PATH, mode: 0o755, content: formatHook(binaryBelow(prefix)) }]
        : [],
    ],
    directories: CONFIG_DIRECTORIES.map((name) => `${CONFIG_DIRECTORY}/${name}`),
    manifest: manifestBelow(prefix),
  };
}
