import { join } from "@std/path";
import { O_WRONLY, type Syscalls } from "../../ffi/syscalls.ts";
import { plantHost, type Scenario, SCENARIOS } from "../../src/simulator/mod.ts";
import { type WatchedSyscalls, watchSyscalls } from "../fixtures/watch_kernel.ts";
import {
  type HostRoots,
  lastPart,
  listVfioDevices,
  readDevice,
  type SysfsDevice,
} from "../../src/host/mod.ts";

/** Devices of the scenario `mixed` by their role in the operations. */
export const DEVICES = {
  /** Migrates by v2 with PRE_COPY, and keeps its state after close. */
  v2: "1f6c2c9e-7d43-4b8a-8a55-0c9d3be7f2b2",
  /** Like `v2`, but of another type, whose data `v2` refuses. */
  other: "83b8f4f2-509f-4c1a-9b0e-6d2c7a41e0a1",
  /** A function with v2 and PRE_COPY, behind an IOMMU with dirty page tracking. */
  vf: "0000:6b:00.2",
  /** A function with v2 and no PRE_COPY. */
  noPreCopy: "0000:b5:00.1",
  /** Migrates by the region of v1. */
  v1: "0000:3f:01.0",
  /** Has no migration. */
  plain: "5e0d94a6-cb12-4a7f-9d3b-27f81c60e4d4",
} as const;

/** The role of a device in the operations. */
export function nameOf(id: string): string {
  return Object.entries(DEVICES).find(([, device]) => device === id)?.[0] ?? id;
}

/** A simulated host with one of the devices. Each operation runs on its own kernel. */
export interface FaultHost extends Disposable {
  readonly roots: HostRoots;
  readonly stateDirectory: string;
  /** Boots a fresh kernel and clears the state. */
  boot(): WatchedSyscalls;
  /** A device from sysfs, read once. */
  find(id: string): SysfsDevice;
}

/** Plants a device and what it depends on, and one process that holds no device. */
export function plantFaultHost(device: string): FaultHost {
  const memory = "/dev/shm";
  const directory = Deno.makeTempDirSync({
    prefix: "vfio-ask-test-",
    ...(isDirectory(memory) ? { dir: memory } : {}),
  });
  const scenario = reduced(SCENARIOS.mixed!, device);
  const roots = plantHost(scenario, join(directory, "host"));
  const stateDirectory = join(directory, "state");
  const found = new Map<string, SysfsDevice>();
  let kernel: WatchedSyscalls | null = null;
  return {
    roots,
    stateDirectory,
    boot() {
      clear(stateDirectory);
      for (const id of kernel?.mdevs ?? []) removeMade(kernel!, roots, id);
      return kernel = watchSyscalls(scenario, roots);
    },
    find(id) {
      const isIt = ({ path }: { path: string }) => lastPart(path) === id;
      const device = found.get(id) ?? readDevice(roots, listVfioDevices(roots).find(isIt)!);
      found.set(id, device);
      return device;
    },
    [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }),
  };
}

function removeMade(sys: Syscalls, roots: HostRoots, id: string): void {
  writeTo(sys, `${roots.sys}/bus/mdev/devices/${id}/remove`, "1");
}

/** Writes an attribute of sysfs like a shell. */
export function writeTo(sys: Syscalls, path: string, text: string): void {
  const fd = sys.open(path, O_WRONLY);
  sys.write(fd, new TextEncoder().encode(text));
  sys.close(fd);
}

function reduced(scenario: Scenario, device: string): Scenario {
  const wanted = new Set([device, "mtty", "mdpy"]);
  return {
    ...scenario,
    devices: scenario.devices.filter(({ id }) => wanted.has(id)),
    processes: scenario.processes.slice(0, 1),
  };
}

function clear(stateDirectory: string): void {
  for (const folder of [join(stateDirectory, "journal"), stateDirectory]) {
    if (!isDirectory(folder)) continue;
    for (const { name } of Deno.readDirSync(folder)) {
      if (name !== "journal") Deno.removeSync(join(folder, name));
    }
  }
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
