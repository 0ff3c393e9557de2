/** The test machine: the devices that its job created, and the program under test. */
import { assertEquals } from "@std/assert";
import {
  type HostRoots,
  lastPart,
  listVfioDevices,
  readDevice,
  type SysfsDevice,
  THIS_HOST,
} from "../../src/host/mod.ts";

/** The mdevs that tests/vm/job.sh creates. */
export const MTTY_1 = "11111111-0000-4000-8000-000000000001";
export const MTTY_2 = "22222222-0000-4000-8000-000000000001";
export const MTTY_2_IDLE = "22222222-0000-4000-8000-000000000002";
export const MDPY_VGA = "33333333-0000-4000-8000-000000000001";
export const MBOCHS_SMALL = "44444444-0000-4000-8000-000000000001";
/** The virtual functions of the emulated NIC, bound to vfio-pci. */
export const VFS = ["0000:01:10.0", "0000:01:10.2"];

export const PROGRAM = "/job/vfio-ask";

/** QEMU options to migrate an mtty on both kernels, with or without working DMA logging. */
export const MIGRATING_QEMU = ["--enable-migration", "on", "--device-dirty-page-tracking", "off"];

/** Probe results are shared by all cases, so that a case does not probe the devices again. */
export const KNOWN: readonly string[] = ["--settle", "0", "--state", "/tmp/known"];
/** An empty state directory, without earlier probe results. */
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

/** Why a path is not tested on this kernel, or null. Cases test one path per kernel; the contract tests both. */
export function whyNotHere(path: "group" | "cdev"): string | null {
  if (path === "cdev") return hasCdev() ? null : "this kernel has no device cdev";
  return hasCdev() ? "tested on the kernel without cdevs" : null;
}

/** Runs the program until it exits. */
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

/** A device as read from sysfs. */
export function deviceNamed(id: string, roots: HostRoots = THIS_HOST): SysfsDevice {
  const path = listVfioDevices(roots).find((found) => lastPart(found.path) === id);
  if (path === undefined) throw new Error(`Cannot find ${id}`);
  return readDevice(roots, path);
}

/** Creates an mdev of a type; returns its name. */
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

/** Whether a path exists. A dangling link counts. */
export function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Waits until a condition holds. The timeout is long enough for the slowest machine: only a defect reaches it. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const endMs = performance.now() + 180_000;
  while (!await holds()) {
    if (performance.now() > endMs) throw new Error(`Timed out: ${what}`);
    await sleep(100);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
