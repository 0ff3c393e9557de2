/** The documents of the Debian package: control, changelog, copyright, and the overrides of lintian. */

/** `DEBFULLNAME` and `DEBEMAIL` name another maintainer, as for Debian's own tools. */
const MAINTAINER = `${Deno.env.get("DEBFULLNAME") ?? "The vfio-ask authors"} <${
  Deno.env.get("DEBEMAIL") ?? "vfio-ask@vfio-ask.invalid"
}>`;

/**
 * The runtime needs the symbols of these versions. `tests/release/deb.ts` compares the C library's version with what the
 * executable asks for.
 */
export const LIBC = "2.27";

/** The control file. */
export function formatControl(
  { version, arch, kibibytes }: { version: string; arch: string; kibibytes: number },
): string {
  return `\
Package: vfio-ask
Version: ${version}
Architecture: ${arch}
Maintainer: ${MAINTAINER}
Installed-Size: ${kibibytes}
Pre-Depends: init-system-helpers (>= 1.54~)
Depends: libc6 (>= ${LIBC}), libgcc-s1 (>= 3.0), systemd
Suggests: mdevctl, qemu-system
Section: admin
Priority: optional
Description: find a host that can take a VFIO device's live migration
 A virtual machine on another host uses a VFIO device. vfio-ask shows which
 configurations of this host can accept its live migration, best first, and why
 the others cannot. It answers on the command line and over HTTP, on loopback
 and a Unix socket only.
 .
 The executable contains the Deno runtime.
`;
}

/** The changelog of a native package: the changes of this version in CHANGELOG.md. */
export function formatChangelog(
  { version, changes, seconds }: { version: string; changes: string; seconds: number },
): string {
  const section = changes.split(/^## /m).find((text) => text.startsWith(`${version}\n`));
  if (section === undefined) throw new Error(`Cannot find ${version} in CHANGELOG.md`);
  const items = section.slice(version.length).trim().split(/\n(?=- )/);
  const lines = items.map((item) => wrap(item.replace(/^- /, "").replaceAll(/\s+/g, " ")));
  const date = new Date(seconds * 1000).toUTCString().replace("GMT", "+0000");
  return `vfio-ask (${version}) unstable; urgency=medium\n\n${lines.join("")}\n` +
    ` -- ${MAINTAINER}  ${date}\n`;
}

/** An item of a Debian changelog, in lines of at most 78 characters. */
function wrap(text: string): string {
  const lines = ["  *"];
  for (const word of text.split(" ")) {
    if (`${lines.at(-1)} ${word}`.length <= 78) lines[lines.length - 1] += ` ${word}`;
    else lines.push(`    ${word}`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** The copyright file. The licenses of what the executable contains follow as they are. */
export function formatCopyright({ own, licenses }: { own: string; licenses: string }): string {
  const notice = own.match(/^Copyright \(c\) (.*)$/m)?.[1];
  return `\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: vfio-ask
Comment:
${indent(licenses)}
Files: *
Copyright: ${notice}
License: Expat
${indent(own.replace(/^MIT License\n+Copyright .*\n+/, ""))}`;
}

/** The continuation lines of a field. */
function indent(text: string): string {
  return text.trimEnd().split("\n").map((line) => line === "" ? " .\n" : ` ${line}\n`).join("");
}

/** Overrides of lintian, each with its reason. */
export const OVERRIDES = `\
# Deno links its libraries statically. The SBOM in /usr/share/doc/vfio-ask
# lists them.
vfio-ask: embedded-library lcms2 [usr/bin/vfio-ask]
`;
