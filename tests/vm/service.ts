/** The installed service: systemd, its processes, and requests to it. */
import { until } from "./machine.ts";
import { call } from "./server.ts";

export const URL = "http://127.0.0.1:7431";
export const UNITS = ["vfio-ask.service", "vfio-ask-worker.socket", "vfio-ask-worker@.service"];

/** Runs a program; returns its exit code and all output. */
export async function runTool(
  program: string,
  ...args: string[]
): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" })
    .output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** Runs systemctl; returns its output. */
export async function systemctl(...args: string[]): Promise<string> {
  return (await runTool("systemctl", ...args)).text;
}

/** A property of a unit. */
export async function show(property: string, unit = "vfio-ask"): Promise<string> {
  return (await systemctl("show", unit, "--property", property, "--value")).trim();
}

/** Waits until a check holds; a check that throws does not hold. Throws with the state of the service. */
export async function waitFor(what: string, check: () => Promise<boolean>): Promise<void> {
  try {
    await until(what, () => check().catch(() => false));
  } catch (error) {
    const journal = await runTool("journalctl", "--no-pager", "-n", "30", "-u", "vfio-ask*");
    const status = await systemctl("status", "--full", "--no-pager", "vfio-ask");
    throw new Error(`${error}\n${status}\n${journal.text}`);
  }
}

/** Waits until another process than `pid` is the server and answers. */
export async function waitForNewServer(pid: number): Promise<void> {
  await waitFor("the service is back", async () => {
    const now = Number(await show("MainPID"));
    return now !== 0 && now !== pid && (await call(`${URL}/healthz`)).status === 200;
  });
}

/** A field of `/proc/PID/status`. */
export function statusOf(pid: number, field: string): string {
  const text = Deno.readTextFileSync(`/proc/${pid}/status`);
  return new RegExp(`^${field}:\\s+(.*)$`, "m").exec(text)?.[1] ?? "";
}

/** The processes whose program has this name, with the first argument. */
export function processes(name = "vfio-ask"): { pid: number; command: string }[] {
  return [...Deno.readDirSync("/proc")].flatMap(({ name: pid }) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      if (Deno.readTextFileSync(`/proc/${pid}/comm`).trim() !== name) return [];
      const [, command = ""] = Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0");
      return [{ pid: Number(pid), command }];
    } catch {
      return [];
    }
  });
}

/** The value below which this part of the numbers is. */
export function percentile(numbers: readonly number[], part: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}
