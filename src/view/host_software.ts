import * as z from "zod/mini";
import type { HostSoftware, Vmm } from "../judge/vmm/mod.ts";
import { readStatus } from "../../ffi/files.ts";
import { killChild } from "../children/mod.ts";
import { readState, writeState } from "../state/mod.ts";

/** Where the programs are found, by absolute paths alone: the first that says its version counts. */
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

/** How a program's first line gives its version. */
const PARSERS: Readonly<Record<Vmm, (text: string) => string | null>> = {
  qemu: parseQemuVersion,
  libvirt: parseLibvirtVersion,
};

/** How long a program may take to say its version: what only one that hangs takes, on a busy host too. */
const TIMEOUT_MS = 30_000;

/** How much a program may say to that. */
const MAX_SAID = 65_536;

/** What programs said, by path, each with what its file was then; null where one says no version. */
const Versions = z.record(
  z.string(),
  z.object({ file: z.string(), version: z.nullable(z.string()) }),
);
const FILE = "software.json";

/**
 * Reads the versions of QEMU and libvirt that are installed, null for what is not there or does not say.
 *
 * Source: `qemu-system-… --version`, `virtqemud --version`. Effect: runs each once, until its file is another, without a
 * shell or this program's environment; one that hangs is killed. What they said is kept in the state directory.
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

/** Keeps what programs said. One that said nothing, as the host was busy perhaps, is run again by the next process. */
function remember(stateDirectory: string | null, known: z.infer<typeof Versions>): void {
  const said = Object.entries(known).filter(([, { version }]) => version !== null);
  try {
    if (stateDirectory !== null) writeState(stateDirectory, FILE, Object.fromEntries(said));
  } catch {
    // A directory that cannot be written costs no more than that programs are run again.
  }
}

/** Reads `QEMU emulator version 8.2.2 (Debian 1:8.2.2+ds-0ubuntu1.4)`; null where it is something else. */
export function parseQemuVersion(text: string): string | null {
  return /^QEMU .*\bversion (\d+(?:\.\d+)+)/m.exec(text)?.[1] ?? null;
}

/** Reads `libvirtd (libvirt) 10.0.0`; null where it is something else. */
export function parseLibvirtVersion(text: string): string | null {
  return /\(libvirt\) (\d+(?:\.\d+)+)/.exec(text)?.[1] ?? null;
}

/** What tells a file from the one that was there before, null where there is none. */
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

/** What a program says to `--version`, null where it does not run or not in time. */
async function runForVersion(path: string, timeoutMs: number): Promise<string | null> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(path, {
      args: ["--version"],
      clearEnv: true,
      env: { LC_ALL: "C" },
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  } catch {
    return null;
  }
  const reader = child.stdout.getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => timer = setTimeout(() => resolve(null), timeoutMs));
  try {
    return await readToEnd(reader, late);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    await killChild(child);
    // What it has started itself may hold the pipe open yet.
    await reader.cancel().catch(() => {});
  }
}

/** All that comes, null where it does not end in time or before there is too much. */
async function readToEnd(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  late: Promise<null>,
): Promise<string | null> {
  const decoder = new TextDecoder();
  let text = "";
  while (text.length < MAX_SAID) {
    const came = await Promise.race([reader.read(), late]);
    if (came === null) return null;
    if (came.done) return text;
    text += decoder.decode(came.value, { stream: true });
  }
  return null;
}
