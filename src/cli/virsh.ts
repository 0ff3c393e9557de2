import { type Ran, runProgram } from "../children/mod.ts";
import type { Option, Parsed } from "./command.ts";
import { text } from "./options.ts";

/** Which virsh to use. */
export const VIRSH: Option = {
  name: "virsh",
  value: "PROGRAM",
  help: "Program that asks libvirt (/usr/bin/virsh)",
};

const PROGRAMS = ["/usr/bin/virsh", "/usr/local/bin/virsh"];
const TIMEOUT_MS = 10_000;

/** Runs virsh with arguments; null if it does not end in time. */
export type Virsh = (args: readonly string[]) => Promise<Ran | null>;

/**
 * virsh of this host, connected to a URI; null if there is none. Effect of a
 * call: that of the command. Output is in English.
 */
export function findVirsh(parsed: Parsed): Virsh | null {
  const uri = text(parsed, "uri") ?? "qemu:///system";
  const named = text(parsed, "virsh");
  const program = (named === null ? PROGRAMS : [named]).find(isThere);
  if (program === undefined) return null;
  return (args) =>
    runProgram(program, {
      args: ["--connect", uri, ...args],
      timeoutMs: TIMEOUT_MS,
      mostCharacters: 4 << 20,
    });
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
