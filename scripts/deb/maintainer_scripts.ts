/**
 * The scripts that dpkg runs, generated from the units of the package.
 *
 * Question: what happens to a running service when its package is installed, replaced or removed? Choice: what debhelper
 * writes for a daemon: it is enabled and started, restarted after an upgrade, stopped before a removal, and the
 * administrator's own choice to disable it is kept. Purging also removes the state, the configuration and the user, so
 * that nothing remains. Given up: debhelper itself, which needs a Debian source package.
 */
import { join } from "@std/path";

/** The units of a package. */
export interface Units {
  /** Units that are enabled and started: those with an `[Install]` section. Sockets come first. */
  started: string[];
  /** Template units, which others start. */
  templates: string[];
}

/** The names of the scripts. */
export type ScriptName = "postinst" | "prerm" | "postrm";

/** Reads the units in a directory. */
export async function readUnits(directory: string): Promise<Units> {
  const units: Units = { started: [], templates: [] };
  for await (const { name } of Deno.readDir(directory)) {
    if (name.includes("@.")) units.templates.push(name);
    else if (/^\[Install\]$/m.test(await Deno.readTextFile(join(directory, name)))) {
      units.started.push(name);
    }
  }
  const rank = (name: string) => `${name.endsWith(".socket") ? 0 : 1}${name}`;
  units.started.sort((a, b) => rank(a) < rank(b) ? -1 : 1);
  units.templates.sort();
  return units;
}

/** The text of each script. */
export function maintainerScripts({ started, templates }: Units): Record<ScriptName, string> {
  const names = started.map(quote).join(" ");
  const instances = templates.map((name) => name.replace("@.", "@*."));
  return {
    postinst: script(`\
case "$1" in
configure | abort-upgrade | abort-deconfigure | abort-remove)
  systemd-sysusers \${DPKG_ROOT:+--root="$DPKG_ROOT"} vfio-ask.conf
  systemd-tmpfiles \${DPKG_ROOT:+--root="$DPKG_ROOT"} --create vfio-ask.conf || true
  for unit in ${names}; do
    deb-systemd-helper unmask "$unit" >/dev/null || true
    if deb-systemd-helper --quiet was-enabled "$unit"; then
      deb-systemd-helper enable "$unit" >/dev/null || true
    else
      deb-systemd-helper update-state "$unit" >/dev/null || true
    fi
  done
  if [ -z "\${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null || true
    if [ -n "$2" ]; then action=restart; else action=start; fi
    deb-systemd-invoke "$action" ${names} >/dev/null || true
  fi
  ;;
esac
`),
    prerm: script(`\
if [ "$1" = remove ] && [ -z "\${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
  deb-systemd-invoke stop ${[...started, ...instances].map(quote).join(" ")} >/dev/null || true
fi
`),
    postrm: script(`\
if [ "$1" = remove ] && [ -z "\${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
fi
if [ "$1" = purge ]; then
  if [ -x "\${DPKG_ROOT:-}/usr/bin/deb-systemd-helper" ]; then
    deb-systemd-helper purge ${names} >/dev/null || true
  fi
  for directory in /etc/vfio-ask /var/lib/vfio-ask /run/vfio-ask; do
    rm -rf "\${DPKG_ROOT:-}$directory"
  done
  # No file of the user remains, so its number can be used again.
  if [ -z "\${DPKG_ROOT:-}" ] && command -v userdel >/dev/null; then
    if getent passwd vfio-ask >/dev/null; then userdel vfio-ask || true; fi
    if getent group vfio-ask >/dev/null; then groupdel vfio-ask || true; fi
  fi
fi
`),
  };
}

function quote(name: string): string {
  return `'${name}'`;
}

function script(body: string): string {
  return `#!/bin/sh\nset -e\n\n${body}`;
}
