import { dirname, join } from "@std/path";
import { errnoOf } from "./attribute.ts";
import { Failure } from "../documents/mod.ts";
import type { HostRoots } from "./roots.ts";

/** A VFIO driver's declaration that it supports some functions: a pattern for their modalias, and its module. */
export interface VfioAlias {
  /** `vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i*`. */
  pattern: string;
  /** With underscores, as the kernel names modules. */
  module: string;
}

/**
 * The VFIO drivers for PCI functions in the running kernel, including plain `vfio_pci`. Null if the kernel's modules
 * are not visible, as in a container that does not mount them.
 *
 * Source: `/lib/modules/RELEASE/modules.alias`, and `modules.builtin.modinfo` for built-in drivers, since Linux 5.16
 * (`PCI_DRIVER_OVERRIDE_DEVICE_VFIO`). Both are looked up next to the mounted `/sys`.
 */
export function readVfioAliases({ sys }: HostRoots, release: string): VfioAlias[] | null {
  const directory = join(dirname(sys), "lib/modules", release);
  const modules = readWhole(join(directory, "modules.alias"));
  const builtin = readWhole(join(directory, "modules.builtin.modinfo"));
  if (modules === null && builtin === null) return null;
  return [...parseVfioAliases(modules ?? ""), ...parseBuiltinVfioAliases(builtin ?? "")];
}

/** Reads the lines `alias vfio_pci:PATTERN MODULE` of `modules.alias`. */
export function parseVfioAliases(text: string): VfioAlias[] {
  return Array.from(
    text.matchAll(/^alias (vfio_pci:\S+) (\S+)$/gm),
    ([, pattern, module]) => ({ pattern: pattern!, module: module! }),
  );
}

/** Reads the NUL-separated entries `MODULE.alias=vfio_pci:PATTERN` of `modules.builtin.modinfo`. */
export function parseBuiltinVfioAliases(text: string): VfioAlias[] {
  return Array.from(
    text.matchAll(/(?<![^\0])([^\0.=]+)\.alias=(vfio_pci:[^\0]+)/g),
    ([, module, pattern]) => ({ pattern: pattern!, module: module! }),
  );
}

/**
 * The best alias for a function: the one with the fewest wildcards that matches its modalias, as in libvirt. Null if
 * none matches.
 */
export function bestVfioAlias<Alias extends VfioAlias>(
  aliases: readonly Alias[],
  modalias: string,
): Alias | null {
  const wanted = modalias.replace(/^pci:/, "vfio_pci:");
  const wildcards = ({ pattern }: VfioAlias) => pattern.split("*").length;
  return aliases.filter(({ pattern }) => matchesAlias(pattern, wanted))
    .toSorted((a, b) => wildcards(a) - wildcards(b))[0] ?? null;
}

/** Whether a text matches a pattern. The only wildcard is `*`: any number of characters. */
export function matchesAlias(pattern: string, text: string): boolean {
  const [first, ...rest] = pattern.split("*") as [string, ...string[]];
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** The text of a file of any length, or null if it does not exist. */
function readWhole(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) {
      return null;
    }
    throw new Failure("kernel", `Cannot read ${path}: ${errnoOf(cause)}`, { subject: path, cause });
  }
}
