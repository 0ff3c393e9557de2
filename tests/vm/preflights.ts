/** Sources and cleanup checks for the cases that write data to drivers. */
import { assertEquals } from "@std/assert";
import { startHolder } from "./holder.ts";
import { askProgram, hasCdev, MIGRATING_QEMU, PROGRAM, until } from "./machine.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

/** The state directory of all cases, so that each case does not probe again. */
export const STATE = "/tmp/preflight-state";
export const OPTIONS = ["--settle", "0", "--state", STATE];

/** The paths by which a device can be opened on this kernel. */
export const paths = (): ("group" | "cdev")[] => hasCdev() ? ["group", "cdev"] : ["group"];

/** The identity of a device with its initial data, as if the device were on another host. */
export async function sourceOf(id: string, ...options: string[]): Promise<Json> {
  const args = ["identity", id, "--initial-data", ...MIGRATING_QEMU, ...OPTIONS, ...options];
  const { host, ...rest } = await askProgram(args);
  return { ...rest, host: { ...host, bootId: "another" } };
}

const sources = new Map<string, Promise<Json>>();

/** The same for an idle device of the job, read once for all cases. */
export function knownSourceOf(id: string): Promise<Json> {
  const known = sources.get(id) ?? sourceOf(id);
  sources.set(id, known);
  return known;
}

/** The journal's entries. */
export function journalled(state: string = STATE): string[] {
  try {
    return [...Deno.readDirSync(`${state}/journal`)].map(({ name }) => name);
  } catch {
    return [];
  }
}

export const mdevs = () =>
  [...Deno.readDirSync("/sys/bus/mdev/devices")].map(({ name }) => name).sort();

/** Asserts that devices are in RUNNING and the journal is empty. */
export async function assertQuiet(ids: readonly string[]): Promise<void> {
  const { devices } = await askProgram(["probe", "--json", ...ids]);
  for (const { device, capabilities } of devices) {
    assertEquals([device, capabilities?.state, capabilities?.problems], [device, "running", []]);
  }
  assertEquals(journalled(), []);
}

/** Asserts that no process, mdev or journal entry is left, and that devices can be opened by every path. */
export async function assertNothingLeft(
  ids: readonly string[],
  { mdevs: before, states = [STATE] }: { mdevs: readonly string[]; states?: readonly string[] },
): Promise<void> {
  await until("no process of the program is left", () => processes().length === 0);
  assertEquals(mdevs(), before);
  for (const state of states) assertEquals([state, journalled(state)], [state, []]);
  await assertQuiet(ids);
  for (const id of ids) {
    for (const path of paths()) {
      assertEquals(await (await startHolder(id, path)).release(), "changes 0");
    }
  }
}

/** The running processes of the program. */
export function processes(): number[] {
  return [...Deno.readDirSync("/proc")].flatMap(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/${name}/exe`) === PROGRAM ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** The number of open descriptors of a process. */
export const countDescriptors = (pid: number) => [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
