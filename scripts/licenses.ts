/** Writes the licenses of what an executable is made of. The licenses of the packages ask for their text. */
import type { Components } from "./components.ts";

const RULE = "-".repeat(80);

/** The list: one section for each text, then the crates. */
export function formatLicenses(
  { own, components }: { own: string; components: Components },
): string {
  const { packages, deno, v8, crates } = components;
  const sections = [...packages, deno, v8].map(({ name, version, purl, license, text }) => {
    if (text === null) throw new Error(`Cannot list the licenses: ${purl} has no license text`);
    return `${RULE}\n${name} ${version} (${purl})\nLicense: ${license}\n\n${text.trim()}\n`;
  });
  return [
    "Licenses of vfio-ask and of all that its executable contains.\n",
    `${RULE}\nvfio-ask\nLicense: MIT\n\n${own.trim()}\n`,
    ...sections,
    `${RULE}\nRust crates in the Deno runtime\n
The runtime names the crates below. Their licenses are in the archives of these crates on crates.io,
and those of the libraries that V8 contains are in V8's repository. Crates without a panic message
are not in this list.\n`,
    crates.map(({ name, version }) => `${name} ${version}\n`).join(""),
  ].join("\n");
}
