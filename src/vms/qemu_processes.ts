import {
  escaped,
  type FoundDevice,
  type FoundMachine,
  type Holder,
  toProblem,
} from "../documents/mod.ts";
import { type HostRoots, readLink } from "../host/mod.ts";
import { type CommandLine, readCommandLine } from "./command_line.ts";
import { versionedType } from "./device_options.ts";
import type { QemuVersionReader } from "./qemu_version.ts";

/** The longest command line that is read. The kernel allows more, but no machine has so many devices. */
const MOST_BYTES = 2 << 20;

/** The longest name of a machine. */
const MOST_CHARACTERS = 200;

/**
 * The virtual machines among the processes that hold VFIO nodes. A process without the command line of QEMU is none: a
 * driver in user space, for example. A process that ends meanwhile is left out.
 *
 * Source: `/proc/PID/cmdline`, `/proc/PID/fd/N`. Effect: may run QEMU to ask for its version.
 */
export async function readQemuProcesses(
  roots: HostRoots,
  holders: Iterable<Holder>,
  versionOf: QemuVersionReader,
): Promise<FoundMachine[]> {
  const byPid = new Map([...holders].map((holder) => [holder.pid, holder]));
  const pids = [...byPid.keys()].sort((a, b) => a - b);
  const machines = await Promise.all(
    pids.map(async (pid) => await readProcess(roots, byPid.get(pid)!, versionOf)),
  );
  return machines.filter((machine) => machine !== null);
}

async function readProcess(
  roots: HostRoots,
  { pid, name: comm }: Holder,
  versionOf: QemuVersionReader,
): Promise<FoundMachine | null> {
  const folder = `${roots.proc}/${pid}`;
  const fallback = `${comm}-${pid}`;
  let args: string[] | null;
  try {
    args = readArguments(`${folder}/cmdline`);
  } catch (error) {
    // Another user's process. It may be a machine, by its name.
    return isQemu(comm, [])
      ? machineOf(fallback, pid, null, [], [toProblem(error, fallback)])
      : null;
  }
  if (args === null || !isQemu(comm, args)) return null;
  const line = readCommandLine(args);
  const devices = line.devices.map(({ id, fd, options }): FoundDevice => ({
    id: id === null ? null : clean(id),
    node: fd === null ? null : readNode(`${folder}/fd/${fd}`),
    options,
  }));
  const machine = machineOf(clean(line.name ?? "") || fallback, pid, line, devices, []);
  return { ...machine, qemu: await versionOf(pid) };
}

function machineOf(
  name: string,
  pid: number,
  line: CommandLine | null,
  devices: FoundDevice[],
  problems: FoundMachine["problems"],
): FoundMachine {
  return {
    name: clean(name),
    uuid: line?.uuid ?? null,
    state: "running",
    pid,
    incoming: line?.incoming ?? false,
    qemu: null,
    machineType: versionedType(line?.machineType ?? null),
    libvirt: null,
    devices,
    problems,
  };
}

/** Whether a process is QEMU, by its name, its program or its arguments. Distributions name it differently. */
function isQemu(comm: string, args: readonly string[]): boolean {
  const program = args[0]?.slice(args[0].lastIndexOf("/") + 1) ?? "";
  return /^(qemu|kvm)/.test(comm) || /^(qemu|kvm)/.test(program) ||
    args.some((argument, index) =>
      /^--?device$/.test(args[index - 1] ?? "") && /(^|"driver" *: *")vfio-/.test(argument)
    );
}

/** The arguments of a process; null if it is gone or has none. */
function readArguments(path: string): string[] | null {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  try {
    const bytes = new Uint8Array(MOST_BYTES);
    let count = 0;
    while (count < bytes.length) {
      const got = file.readSync(bytes.subarray(count)) ?? 0;
      if (got === 0) break;
      count += got;
    }
    const text = new TextDecoder().decode(bytes.subarray(0, count));
    return text === "" ? null : text.replace(/\0$/, "").split("\0");
  } catch (error) {
    // ESRCH: the process ended.
    if (error instanceof Error && /os error 3\b/.test(error.message)) return null;
    throw error;
  } finally {
    file.close();
  }
}

/** The VFIO node that is open as a file; null for another file. */
function readNode(path: string): string | null {
  try {
    const link = readLink(path);
    return link?.startsWith("/dev/vfio/") ? clean(link) : null;
  } catch {
    return null;
  }
}

/** A name without control characters, and of bounded length. */
function clean(name: string): string {
  return escaped(name.slice(0, MOST_CHARACTERS)).slice(0, MOST_CHARACTERS);
}
