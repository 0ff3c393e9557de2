import * as z from "zod/mini";
import type { HostSoftware, Vmm } from "../judge/vmm/mod.ts";
import { readStatus } from "../../ffi/files.ts";
import { runProgram } from "../children/mod.ts";
import { parseQemuVersion } from "../documents/mod.ts";
import { readState, writeState } from "../state/mod.ts";

/** Where to look for the programs. Absolute paths only. The first program that prints a version counts. */
export const SOFTWARE_PATHS: Readonly<Record<Vmm, readonly string[]>> = {
  qemu: [
    `/usr/bin/qemu-system-${Deno.build.arch}`,
    "/usr/libexec/qemu-kvm",
    "/usr/bin/qemu-kvm",
    "/usr/bin/kvm",
    `/usr/local/bin/qemu-system-${Deno.build.arch}`,
  ],
  libvirt: ["/usr/sbin/virtqemud", "/usr/sbin/libvirtd", "/usr/bin/virtqemud", "/usr/bin/libvirtd"],
};

/** Parsers of the programs' output. */
const PARSERS: Readonly<Record<Vmm, (text: string) => string | null>> = {
  qemu: parseQemuVersion,
  libvirt: parseLibvirtVersion,
};

/** How long a program may take to print its version. Even on a busy host, only a program that hangs takes longer. */
const TIMEOUT_MS = 30_000;

/** How much output is read from a program, in characters. */
const MAX_SAID = 65_536;

/** The version of each program by path, with the identity of its file at that time; null if it printed no version. */
const Versions = z.record(
  z.string(),
  z.object({ file: z.string(), version: z.nullable(z.string()) }),
);
const FILE = "software.json";

/**
 * Makes a reader of the installed versions of QEMU and libvirt. A version is null if the program is missing or does not
 * print one.
 *
 * Source: `qemu-system-… --version`, `virtqemud --version`. Effect: runs each program once, and again when its file has
 * changed, without a shell or this program's environment; kills a program that hangs. Saves the versions in the state
 * directory.
 */
export function makeSoftwareReader(
  stateDirectory: string | null,
  { paths = SOFTWARE_PATHS, timeoutMs = TIMEOUT_MS }: {
    paths?: Readonly<Record<Vmm, readonly string[]>>;
    timeoutMs?: number;
  } = {},
): () => Promise<HostSoftware> {
  let known: z.infer<typeof Versions> | null = null;
  const versionOf = async (program: Vmm): Promise<string | null> => {
    known ??= readState(stateDirectory, FILE, Versions) ?? {};
    for (const path of paths[program]) {
      const file = fileAt(path);
      if (file === null) continue;
      if (known[path]?.file !== file) {
        const version = PARSERS[program](await runForVersion(path, timeoutMs) ?? "");
        known[path] = { file, version };
        if (version !== null) remember(stateDirectory, known);
      }
      const version = known[path]?.version ?? null;
      if (version !== null) return version;
    }
    return null;
  };
  return async () => {
    const [qemu, libvirt] = await Promise.all([versionOf("qemu"), versionOf("libvirt")]);
    return { qemu, libvirt };
  };
}

/** Saves the versions found. The next process runs a program again that printed none: the host may have been busy. */
function remember(stateDirectory: string | null, known: z.infer<typeof Versions>): void {
  const said = Object.entries(known).filter(([, { version }]) => version !== null);
  try {
    if (stateDirectory !== null) writeState(stateDirectory, FILE, Object.fromEntries(said));
  } catch {
    // Without a writable directory, the programs are run again.
  }
}

/** Parses `libvirtd (libvirt) 10.0.0`; null for any other text. */
export function parseLibvirtVersion(text: string): string | null {
  return /\(libvirt\) (\d+(?:\.\d+)+)/.exec(text)?.[1] ?? null;
}

/** A text that changes when the file is replaced or written; null if there is no file. */
function fileAt(path: string): string | null {
  try {
    const status = readStatus(path, { follow: true });
    if (status === null || !status.isFile) return null;
    const { ino, size, mtimeMs, ctimeMs } = status;
    return [ino, size, mtimeMs, ctimeMs].join(" ");
  } catch {
    return null;
  }
}

/** What a program prints for `--version`; null if it does not run or takes too long. */
async function runForVersion(path: string, timeoutMs: number): Promise<string | null> {
  const options = { args: ["--version"], timeoutMs, mostCharacters: MAX_SAID };
  return (await runProgram(path, options))?.out ?? null;
}
