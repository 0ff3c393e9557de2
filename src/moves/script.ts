import { escaped } from "../documents/mod.ts";
import type { Move } from "./make_move.ts";
import { quote } from "./shell.ts";

/**
 * A move as a script of a POSIX shell, for both hosts: it is called with `destination` on the one, then with `source` on
 * the other. Both parts end at the first command that fails. Pure.
 */
export function writeScript(move: Move, { sourceHost }: { sourceHost: string }): string {
  const { vm, host, devices, commands, xml, file, first, look, plan, verdict } = move;
  const what = vm === null ? `${devices.length} devices` : `the virtual machine ${vm.name}`;
  const goes = devices.map(({ source, target, make }) =>
    `${source} goes to ${target}${make ? ", which is made" : ""}`
  );
  return [
    "#!/bin/sh",
    ...comment([
      `Migrates ${what} from ${sourceHost} to ${host}. Plan ${plan}, ${verdict}.`,
      ...goes,
      ...(first.length === 0 ? [] : ["", "First:"]),
      ...first.map(({ code, sentence }) => `${code}: ${sentence}`),
      "",
      "Look at:",
      ...look,
      "",
      `On ${host}, run: sh SCRIPT destination`,
      `Then on ${sourceHost}, run: sh SCRIPT source`,
    ]),
    "set -eu",
    `case "\${1:-}" in`,
    "destination)",
    ...(commands.destination.length === 0 ? [":"] : commands.destination),
    ";;",
    "source)",
    ...(file === null || xml === null ? [] : writeFile(file, xml)),
    ...(commands.source.length === 0
      ? [`echo 'libvirt does not know the virtual machine: there is nothing to run here.' >&2`]
      : commands.source),
    ";;",
    "*)",
    `echo 'Name the part to run: destination or source' >&2`,
    "exit 2",
    ";;",
    "esac",
    "",
  ].join("\n");
}

/** Lines of comments. No text of a document can leave its line. */
function comment(lines: readonly string[]): string[] {
  return lines.map((line) => line === "" ? "#" : `# ${escaped(line)}`);
}

/** Writes a text to a file. The end mark is a line that the text does not have. */
function writeFile(file: string, text: string): string[] {
  const lines = text.split("\n");
  let mark = "END_OF_XML";
  while (lines.includes(mark)) mark += "_";
  // The mark ends the last line too: a text without an end of line gets one.
  const body = text.endsWith("\n") ? lines.slice(0, -1) : lines;
  return [`cat > ${quote(file)} <<'${mark}'`, ...body, mark];
}
