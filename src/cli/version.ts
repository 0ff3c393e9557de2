import { VERSION_SCHEMA } from "../documents/mod.ts";
import { type Build, readBuild } from "./built.ts";
import { type Command, YES } from "./command.ts";
import { json } from "./look.ts";
import { JSON_OUTPUT } from "./options.ts";

export const command: Command = {
  about: "Prints the version of vfio-ask, its commit, and the version and origin of its Deno " +
    "runtime.",
  options: [JSON_OUTPUT],
  run({ terminal, options, version }) {
    const { deno } = Deno.version;
    const { target } = Deno.build;
    const build = readBuild();
    terminal.out(
      options.json
        ? json({ schema: VERSION_SCHEMA, version, deno, target, ...documentOf(build) })
        : `vfio-ask ${version} (Deno ${deno}, ${target})\n${formatBuild(build)}`,
    );
    return YES;
  },
};

/** The fields of the document about a build; null for the sources. */
export function documentOf(build: Build | null) {
  if (build === null) return { commit: null, changed: false, runtime: { origin: "development" } };
  return build;
}

/** The lines about a build; null for the sources. */
export function formatBuild(build: Build | null): string {
  if (build === null) return "runtime  the Deno that runs the sources (development)\n";
  const { commit, changed, runtime } = build;
  const lines = [
    `commit   ${commit ?? "unknown"}${changed ? ", with changes" : ""}`,
    `runtime  ${ORIGINS[runtime.origin]} ${runtime.from}`,
    `         SHA-256 ${runtime.sha256}`,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

const ORIGINS: Readonly<Record<Build["runtime"]["origin"], string>> = {
  "release-host": "Deno's release",
  "other-host": "not from Deno's release host, but from",
  npm: "not from Deno's release host, but from the npm package",
  file: "not from Deno's release host, but from the file",
};
