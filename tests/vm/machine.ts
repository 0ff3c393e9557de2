/**
 * The test machine as its tests see it: the devices that its job made, and the program under test.
 */
import { assertEquals } from "@std/assert";
import {
  type HostRoots,
  lastPart,
  listVfioDevices,
  readDevice,
  type SysfsDevice,
  THIS_HOST,
} from "../../src/host/mod.ts";

/** The mdevs that tests/vm/job.sh makes. */
export const MTTY_1 = "11111111-0000-4000-8000-000000000001";
export const MTTY_2 = "22222222-0000-4000-8000-000000000001";
export const MTTY_2_IDLE = "22222222-0000-4000-8000-000000000002";
export const MDPY_VGA = "33333333-0000-4000-8000-000000000001";
export const MBOCHS_SMALL = "44444444-0000-4000-8000-000000000001";
/** The virtual functions of the emulated NIC, bound to vfio-pci. */
export const VFS = ["0000:01:10.0", "0000:01:10.2"];

export const PROGRAM = "/job/vfio-ask";

/** How QEMU must run to migrate an mtty of either kernel, whatever becomes of its DMA logging. */
export const MIGRATING_QEMU = ["--enable-migration", "on", "--device-dirty-page-tracking", "off"];

/** What devices answer is remembered for all cases, so that a case need not ask them anew. */
export const KNOWN: readonly string[] = ["--settle", "0", "--state", "/tmp/known"];
/** Nothing is remembered yet. */
export const FRESH = (): string[] => ["--settle", "0", "--state", Deno.makeTempDirSync()];

/** Whether this kernel has cdevs and iommufd. */
export function hasCdev(): boolean {
  try {
    Deno.statSync("/dev/iommu");
    return true;
  } catch {
    return false;
  }
}

/** Why what goes by one path is not tried on this kernel, or null: each kernel has its own, and the contract has both. */
export function whyNotHere(path: "group" | "cdev"): string | null {
  if (path === "cdev") return hasCdev() ? null : "this kernel has no device cdev";
  return hasCdev() ? "tried on the kernel without cdevs" : null;
}

/** Runs the program to its end. */
export async function runProgram(
  args: readonly string[],
  { stdin = "", env = {} }: { stdin?: string; env?: Record<string, string> } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = new Deno.Command(PROGRAM, {
    args: [...args],
    clearEnv: true,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** Runs the program and reads its JSON; its exit code must be the one expected. */
// deno-lint-ignore no-explicit-any
export async function askProgram(args: readonly string[], code = 0): Promise<any> {
  const result = await runProgram(args);
  assertEquals(result.code, code, result.stderr);
  return JSON.parse(result.stdout);
}

/** A device as sysfs has it. */
export function deviceNamed(id: string, roots: HostRoots = THIS_HOST): SysfsDevice {
  const path = listVfioDevices(roots).find((found) => lastPart(found.path) === id);
  if (path === undefined) throw new Error(`Cannot find ${id}`);
  return readDevice(roots, path);
}

/** Makes an mdev of a type; gives its name. */
export function makeMdev(
  type: string,
  parent = "mtty",
  id: string = crypto.randomUUID(),
): string {
  Deno.writeTextFileSync(`/sys/class/mdev_bus/${parent}/mdev_supported_types/${type}/create`, id);
  return id;
}

export function removeMdev(id: string): void {
  Deno.writeTextFileSync(`/sys/bus/mdev/devices/${id}/remove`, "1");
}

/** Whether a path leads to something, be it a link to nothing. */
export function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Waits until something is so. Gives up after a time that only a defect takes, on the slowest machine too. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const endMs = performance.now() + 180_000;
  while (!await holds()) {
    if (performance.now() > endMs) throw new Error(`Waited in vain: ${what}`);
    await sleep(100);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
