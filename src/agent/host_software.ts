import type { HostSoftware, Vmm } from "../vmm/mod.ts";
import { killChild } from "./child.ts";

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

/** What programs said, by path and mtime: hand in the same map again, and a program is run only when it is another. */
export type RememberedVersions = Map<string, string | null>;

/**
 * The versions of QEMU and libvirt that are installed, null for what is not there or does not say.
 *
 * Source: `qemu-system-… --version`, `virtqemud --version`. Effect: runs them, without a shell or this
 * program's environment; one that hangs is killed.
 */
export async function readHostSoftware(
  { paths = SOFTWARE_PATHS, remembered = new Map(), timeoutMs = TIMEOUT_MS }: {
    paths?: Readonly<Record<Vmm, readonly string[]>>;
    remembered?: RememberedVersions;
    timeoutMs?: number;
  } = {},
): Promise<HostSoftware> {
  const versionOf = async (program: Vmm): Promise<string | null> => {
    for (const path of paths[program]) {
      const key = keyOf(path);
      if (key === null) continue;
      let version = remembered.get(key);
      if (version === undefined) {
        version = PARSERS[program](await runForVersion(path, timeoutMs) ?? "");
        remembered.set(key, version);
      }
      if (version !== null) return version;
    }
    return null;
  };
  const [qemu, libvirt] = await Promise.all([versionOf("qemu"), versionOf("libvirt")]);
  return { qemu, libvirt };
}

/** Reads `QEMU emulator version 8.2.2 (Debian 1:8.2.2+ds-0ubuntu1.4)`; null where it is something else. */
export function parseQemuVersion(text: string): string | null {
  return /^QEMU .*\bversion (\d+(?:\.\d+)+)/m.exec(text)?.[1] ?? null;
}

/** Reads `libvirtd (libvirt) 10.0.0`; null where it is something else. */
export function parseLibvirtVersion(text: string): string | null {
  return /\(libvirt\) (\d+(?:\.\d+)+)/.exec(text)?.[1] ?? null;
}

/** A file as it is now, null where there is none. */
function keyOf(path: string): string | null {
  try {
    const { isFile, mtime } = Deno.statSync(path);
    return isFile ? `${path} ${mtime?.getTime()}` : null;
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
  let timer: number | undefined;
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
